// What can be rented: dated price lists, and the catalogue a scenario makes of one.

export { committedUsdPerHour, type HostPrice } from "./committed-cost.ts";
export { type PriceSet, priceSets } from "./price-sets.ts";
export { type CatalogueSpec, catalogueSchema, durationSchema, findPriceSet, resolveCatalogue } from "./resolve.ts";
