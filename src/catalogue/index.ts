export { committedUsdPerHour, type HostPrice } from "./committed-cost.ts";
export { type PriceSet, priceSets } from "./price-sets.ts";
export { type CatalogueSpec, catalogueSchema, findPriceSet, resolveCatalogue } from "./resolve.ts";
