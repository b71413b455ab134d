// Moto on loopback in the place of AWS, which cannot run here: it keeps what real clients of the SDK tell it and answers
// as AWS does, but launches nothing, and brings every change about at once. Percentiles, which it has none of, are added.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, provisioned, ServerProcess } from "./processes.ts";
import type { ProxiedRequest } from "./tampering-proxy.ts";

const READY_MS = 120_000;

const program = `
import io
import sys
import time
import zipfile

import boto3
from moto.cloudwatch.models import Statistics
from moto.server import ThreadedMotoServer

plain = Statistics.get_statistics_for_type


def with_percentiles(self, stat):
    values = sorted(self.metric_single_values_list)
    if values and stat.startswith("p"):
        return values[min(len(values) - 1, int(float(stat[1:]) / 100 * len(values)))]
    if values and stat.startswith("PR(:"):
        limit = float(stat[4:-1])
        return 100 * sum(value <= limit for value in values) / len(values)
    return plain(self, stat)


Statistics.get_statistics_for_type = with_percentiles
port = int(sys.argv[1])
ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False).start()


def client(service):
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


scaling = client("autoscaling")
scaling.create_launch_configuration(LaunchConfigurationName="models", ImageId="ami-12c6146b", InstanceType="c5.large")
scaling.create_auto_scaling_group(
    AutoScalingGroupName="models",
    LaunchConfigurationName="models",
    MinSize=1,
    MaxSize=4,
    DesiredCapacity=1,
    AvailabilityZones=["us-east-1a"],
)
ecs = client("ecs")
ecs.create_cluster(clusterName="models")
ecs.register_task_definition(
    family="resnet", containerDefinitions=[{"name": "resnet", "image": "resnet", "memory": 512}]
)
ecs.create_service(cluster="models", serviceName="resnet", taskDefinition="resnet", desiredCount=1)
ecs.update_service(cluster="models", service="resnet", desiredCount=1)
sagemaker = client("sagemaker")
role = "arn:aws:iam::123456789012:role/models"
sagemaker.create_model(ModelName="resnet", ExecutionRoleArn=role, PrimaryContainer={"Image": "resnet"})
variant = {
    "VariantName": "main",
    "ModelName": "resnet",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.c5.large",
    "InitialVariantWeight": 1,
}
sagemaker.create_endpoint_config(EndpointConfigName="resnet", ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName="resnet", EndpointConfigName="resnet")
client("iam").create_role(RoleName="models", AssumeRolePolicyDocument="{}")
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("main.py", "def handler(event, context): return event")
functions = client("lambda")
functions.create_function(
    FunctionName="resnet",
    Runtime="python3.11",
    Role=role,
    Handler="main.handler",
    Code={"ZipFile": code.getvalue()},
    MemorySize=1024,
)
functions.put_function_concurrency(FunctionName="resnet", ReservedConcurrentExecutions=10)
print("everything is there", flush=True)
while True:
    time.sleep(60)
`;

/** Operations that change something. */
const WRITES = /^(SetDesiredCapacity|UpdateService|UpdateEndpointWeightsAndCapacities|PUT )/;

/** What AWS is asked for, as its protocols say it. */
export function operationOf({ method, path, headers, body }: ProxiedRequest): string {
  const target = headers["x-amz-target"];
  if (typeof target === "string") return target.split(".").at(-1) ?? "";
  return new URLSearchParams(body.toString("utf8")).get("Action") ?? `${method} ${path}`;
}

/** Whether it changes something. */
export function writesToAws(request: ProxiedRequest): boolean {
  return WRITES.test(operationOf(request));
}

/** One stand-in for AWS, with one of each resource. */
export class MotoServer {
  readonly #process: ServerProcess;
  readonly #folder: string;
  readonly url: string;

  private constructor(process: ServerProcess, folder: string, port: number) {
    this.#process = process;
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<MotoServer> {
    const file = provisioned("aws/bin/python", "aws");
    const folder = mkdtempSync(join(tmpdir(), "trimtab-aws-"));
    const script = join(folder, "server.py");
    writeFileSync(script, program);
    const port = await freePort();
    const child = new ServerProcess(file, [script, String(port)]);
    await child.ready(async () => child.output.includes("everything is there"), READY_MS);
    return new MotoServer(child, folder, port);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
