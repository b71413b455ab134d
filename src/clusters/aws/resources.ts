// What a number on AWS can be: instances of an Auto Scaling group, tasks of an ECS service, instances behind a SageMaker
// endpoint's variant, memory or reserved concurrency of a Lambda function. Each is read and written in one way. The SDK is
// large: of each service it is loaded when a resource of it is opened.

import { z } from "zod";
import { ObservationError } from "../../core/index.ts";
import { type AwsAccess, clientConfiguration, readAws, writeAws } from "./clients.ts";

/** One number at one moment. */
export interface ResourceReading {
  readonly wanted: number;
  /** How far a change has come, in words; null where what is wanted is in force. */
  readonly progress: string | null;
  /** Of what is counted, how much is there; null for what is not a fleet. */
  readonly fleet: { readonly ready: number; readonly launching: number; readonly draining: number } | null;
}

/** A number that can be read and written. */
export interface Resource {
  /** Named in errors. */
  readonly place: string;
  /** @throws {ObservationError} */
  read(): Promise<ResourceReading>;
  /** @throws {ActuationError} */
  write(value: number): Promise<void>;
}

const name = z.string().min(1).max(256);

/** As a cluster file names one. */
export const resourceSchema = z.union([
  z.strictObject({ autoScalingGroup: name }),
  z.strictObject({ ecsService: z.strictObject({ cluster: name, service: name }) }),
  z.strictObject({ sageMakerVariant: z.strictObject({ endpoint: name, variant: name }) }),
  z.strictObject({ functionMemory: name }),
  z.strictObject({ functionConcurrency: name }),
]);

export type ResourceOptions = z.output<typeof resourceSchema>;

function fleetOf(wanted: number, ready: number, existing: number) {
  return { ready, launching: Math.max(0, wanted - ready), draining: Math.max(0, existing - wanted) };
}

function counted(wanted: number, ready: number, existing: number): ResourceReading {
  const progress = ready === wanted && existing === wanted ? null : `${ready} of ${wanted} ready`;
  return { wanted, progress, fleet: fleetOf(wanted, ready, existing) };
}

/** @throws {ObservationError} when a service answered without what it was asked for */
function told<T>(value: T | undefined, place: string, what: string): T {
  if (value !== undefined) return value;
  throw new ObservationError(`${place}: expected ${what}, found none`);
}

async function autoScalingGroup(access: AwsAccess, group: string): Promise<Resource> {
  const { AutoScalingClient, DescribeAutoScalingGroupsCommand, SetDesiredCapacityCommand } = await import(
    "@aws-sdk/client-auto-scaling"
  );
  const client = new AutoScalingClient(clientConfiguration(access));
  const place = `Auto Scaling group ${group}`;
  return {
    place,
    async read() {
      const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
      const { AutoScalingGroups } = await readAws(access, place, (options) => client.send(command, options));
      const { DesiredCapacity, Instances = [] } = told(AutoScalingGroups?.[0], place, "it");
      const ready = Instances.filter((one) => one.LifecycleState === "InService" && one.HealthStatus === "Healthy");
      return counted(told(DesiredCapacity, place, "a desired capacity"), ready.length, Instances.length);
    },
    async write(value) {
      const command = new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: value });
      await writeAws(access, place, (options) => client.send(command, options));
    },
  };
}

async function ecsService(access: AwsAccess, where: { cluster: string; service: string }): Promise<Resource> {
  const { ECSClient, DescribeServicesCommand, UpdateServiceCommand } = await import("@aws-sdk/client-ecs");
  const client = new ECSClient(clientConfiguration(access));
  const { cluster, service } = where;
  const place = `ECS service ${cluster}/${service}`;
  return {
    place,
    async read() {
      const command = new DescribeServicesCommand({ cluster, services: [service] });
      const { services } = await readAws(access, place, (options) => client.send(command, options));
      const { desiredCount, runningCount = 0, pendingCount = 0 } = told(services?.[0], place, "it");
      return counted(told(desiredCount, place, "a desired count"), runningCount, runningCount + pendingCount);
    },
    async write(value) {
      const command = new UpdateServiceCommand({ cluster, service, desiredCount: value });
      await writeAws(access, place, (options) => client.send(command, options));
    },
  };
}

async function sageMakerVariant(access: AwsAccess, where: { endpoint: string; variant: string }): Promise<Resource> {
  const { SageMakerClient, DescribeEndpointCommand, UpdateEndpointWeightsAndCapacitiesCommand } = await import(
    "@aws-sdk/client-sagemaker"
  );
  const client = new SageMakerClient(clientConfiguration(access));
  const { endpoint, variant } = where;
  const place = `SageMaker endpoint ${endpoint}, variant ${variant}`;
  return {
    place,
    async read() {
      const command = new DescribeEndpointCommand({ EndpointName: endpoint });
      const answer = await readAws(access, place, (options) => client.send(command, options));
      const { EndpointStatus = "Unknown", ProductionVariants = [] } = answer;
      const found = told(
        ProductionVariants.find(({ VariantName }) => VariantName === variant),
        place,
        "it",
      );
      const current = told(found.CurrentInstanceCount, place, "a count of instances");
      const wanted = found.DesiredInstanceCount ?? current;
      const reading = counted(wanted, Math.min(current, wanted), current);
      // While it is updated its variants may be the ones of before.
      return EndpointStatus === "InService" ? reading : { ...reading, progress: `the endpoint ${EndpointStatus}` };
    },
    async write(value) {
      const change = { VariantName: variant, DesiredInstanceCount: value };
      const command = new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: endpoint,
        DesiredWeightsAndCapacities: [change],
      });
      await writeAws(access, place, (options) => client.send(command, options));
    },
  };
}

async function functionMemory(access: AwsAccess, FunctionName: string): Promise<Resource> {
  const { LambdaClient, GetFunctionConfigurationCommand, UpdateFunctionConfigurationCommand } = await import(
    "@aws-sdk/client-lambda"
  );
  const client = new LambdaClient(clientConfiguration(access));
  const place = `function ${FunctionName}, memory`;
  return {
    place,
    async read() {
      const command = new GetFunctionConfigurationCommand({ FunctionName });
      const answer = await readAws(access, place, (options) => client.send(command, options));
      const { MemorySize, LastUpdateStatus = "Successful", LastUpdateStatusReason = "" } = answer;
      const progress =
        LastUpdateStatus === "Successful" ? null : `its update ${LastUpdateStatus} ${LastUpdateStatusReason}`.trim();
      return { wanted: told(MemorySize, place, "a size"), progress, fleet: null };
    },
    async write(MemorySize) {
      const command = new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize });
      await writeAws(access, place, (options) => client.send(command, options));
    },
  };
}

async function functionConcurrency(access: AwsAccess, FunctionName: string): Promise<Resource> {
  const { LambdaClient, GetFunctionConcurrencyCommand, PutFunctionConcurrencyCommand } = await import(
    "@aws-sdk/client-lambda"
  );
  const client = new LambdaClient(clientConfiguration(access));
  const place = `function ${FunctionName}, concurrency`;
  return {
    place,
    async read() {
      const command = new GetFunctionConcurrencyCommand({ FunctionName });
      const answer = await readAws(access, place, (options) => client.send(command, options));
      const wanted = told(answer.ReservedConcurrentExecutions, place, "a reserved concurrency");
      return { wanted, progress: null, fleet: null };
    },
    async write(ReservedConcurrentExecutions) {
      const command = new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions });
      await writeAws(access, place, (options) => client.send(command, options));
    },
  };
}

/** Makes a resource of how a cluster file names it. */
export async function openResource(access: AwsAccess, options: ResourceOptions): Promise<Resource> {
  if ("autoScalingGroup" in options) return autoScalingGroup(access, options.autoScalingGroup);
  if ("ecsService" in options) return ecsService(access, options.ecsService);
  if ("sageMakerVariant" in options) return sageMakerVariant(access, options.sageMakerVariant);
  if ("functionMemory" in options) return functionMemory(access, options.functionMemory);
  return functionConcurrency(access, options.functionConcurrency);
}
