// A real Kubernetes API server on loopback, with etcd: the one that serves custom resources. A workload and leases are
// custom resources of it, with the scale and status subresources that built-in ones have.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiextensionsV1Api, CustomObjectsApi, KubeConfig } from "@kubernetes/client-node";
import { answers, freePort, program, provisioned, ServerProcess } from "./processes.ts";

/** It takes a few seconds. */
const READY_MS = 120_000;

const anything = { type: "object", x_kubernetes_preserve_unknown_fields: true };

function definition(group: string, kind: string, plural: string, schema: object, subresources: object) {
  const version = { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      // Asked for where a group is Kubernetes' own.
      annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
    },
    spec: { group, scope: "Namespaced", names: { kind, plural, singular: kind.toLowerCase() }, versions: [version] },
  };
}

const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };

const definitions = [
  definition(
    "serving.example.com",
    "ModelDeployment",
    "modeldeployments",
    { type: "object", properties: { spec: anything, status: anything } },
    { status: {}, scale },
  ),
  definition("coordination.k8s.io", "Lease", "leases", { type: "object", properties: { spec: anything } }, {}),
];

/** The workload of the tests. */
export const workload = {
  group: "serving.example.com",
  version: "v1",
  namespace: "default",
  plural: "modeldeployments",
  name: "resnet",
};

const object = {
  apiVersion: "serving.example.com/v1",
  kind: "ModelDeployment",
  metadata: { name: workload.name },
  spec: {
    replicas: 2,
    containers: [
      { name: "proxy", args: [] },
      { name: "server", args: ["--model=resnet", "--max-num-seqs=64"], env: [{ name: "MAX_BATCH", value: "2" }] },
    ],
  },
};

function openssl(folder: string, ...args: string[]): void {
  execFileSync(program("openssl", "kubernetes"), args, { cwd: folder, stdio: "ignore" });
}

/** An authority, and an administrator it vouches for. */
function makeCertificates(folder: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(folder, "req", "-x509", ...key, "-days", "2", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca");
  openssl(folder, "req", ...key, "-keyout", "admin.key", "-out", "admin.csr", "-subj", "/O=system:masters/CN=admin");
  const sign = ["x509", "-req", "-in", "admin.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
  openssl(folder, ...sign, "-days", "2", "-out", "admin.crt");
}

function kubeconfig(server: string, user: object, cluster: object = {}): string {
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, ...cluster } }],
    users: [{ name: "admin", user }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}

/** What needs the rest of Kubernetes, which is not there. */
const without = [
  "NamespaceLifecycle",
  "MutatingAdmissionWebhook",
  "ValidatingAdmissionWebhook",
  "ValidatingAdmissionPolicy",
  "MutatingAdmissionPolicy",
];

/** One API server. */
export class KubernetesServer {
  readonly #processes: readonly ServerProcess[];
  readonly #folder: string;
  readonly url: string;
  readonly objects: CustomObjectsApi;

  private constructor(processes: readonly ServerProcess[], folder: string, url: string, objects: CustomObjectsApi) {
    this.#processes = processes;
    this.#folder = folder;
    this.url = url;
    this.objects = objects;
  }

  static async start(): Promise<KubernetesServer> {
    const file = provisioned("kubernetes/apiextensions-apiserver", "kubernetes");
    const etcdFile = program("etcd", "kubernetes");
    const folder = mkdtempSync(join(tmpdir(), "trimtab-kubernetes-"));
    makeCertificates(folder);
    const [clients, peers, port] = [await freePort(), await freePort(), await freePort()];
    const [etcdUrl, peerUrl] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`];
    const etcdArgs = [
      ...["--data-dir", join(folder, "etcd"), "--initial-cluster", `default=${peerUrl}`],
      ...["--listen-client-urls", etcdUrl, "--advertise-client-urls", etcdUrl],
      ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
    ];
    const etcd = new ServerProcess(etcdFile, etcdArgs);
    await etcd.ready(() => answers(`${etcdUrl}/health`), READY_MS);
    // It would ask the rest of Kubernetes who somebody is; certificates tell it.
    writeFileSync(join(folder, "nobody.yaml"), kubeconfig("http://127.0.0.1:1", {}));
    mkdirSync(join(folder, "certs"));
    const nobody = join(folder, "nobody.yaml");
    const api = new ServerProcess(file, [
      `--etcd-servers=${etcdUrl}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--cert-dir=${join(folder, "certs")}`,
      `--client-ca-file=${join(folder, "ca.crt")}`,
      "--authentication-skip-lookup",
      `--authentication-kubeconfig=${nobody}`,
      `--authorization-kubeconfig=${nobody}`,
      `--kubeconfig=${nobody}`,
      "--enable-priority-and-fairness=false",
      `--disable-admission-plugins=${without.join(",")}`,
    ]);
    const url = `https://127.0.0.1:${port}`;
    const credentials = { "client-certificate": join(folder, "admin.crt"), "client-key": join(folder, "admin.key") };
    writeFileSync(join(folder, "kubeconfig"), kubeconfig(url, credentials, { "insecure-skip-tls-verify": true }));
    const config = new KubeConfig();
    config.loadFromFile(join(folder, "kubeconfig"));
    const server = new KubernetesServer([api, etcd], folder, url, config.makeApiClient(CustomObjectsApi));
    const extensions = config.makeApiClient(ApiextensionsV1Api);
    await api.ready(async () => (await extensions.listCustomResourceDefinition()).items.length === 0, READY_MS);
    for (const body of definitions) await extensions.createCustomResourceDefinition({ body });
    await api.ready(async () => {
      await server.objects.createNamespacedCustomObject({ ...workload, body: object });
      return true;
    }, READY_MS);
    return server;
  }

  /** A file that says how to reach it as its administrator. */
  kubeconfig(): string {
    return join(this.#folder, "kubeconfig");
  }

  /** Answers nobody until the function it gives is called. */
  async untilHanging(): Promise<() => Promise<void>> {
    const [api] = this.#processes;
    api?.signal("SIGSTOP");
    return async () => {
      api?.signal("SIGCONT");
    };
  }

  async stop(): Promise<void> {
    for (const process of this.#processes) await process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
