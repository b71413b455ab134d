// Runs an ONNX model: by the native runtime where it is installed, else by its WASM build with as many threads.

/** The part of the runtimes' common interface that is used. */
type Runtime = Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;

/** A loaded model. */
export interface Session {
  /** Which runtime it is. */
  readonly runtime: "onnxruntime-node" | "onnxruntime-web";
  /** @param input shape [rows, inputs], row by row. @returns shape [rows, outputs] */
  run(input: Float32Array, rows: number): Promise<Float32Array>;
}

/** Not among the dependencies: its install script downloads, which not every place allows. */
const NATIVE = "onnxruntime-node";

async function loadRuntime(): Promise<{ readonly name: Session["runtime"]; readonly runtime: Runtime }> {
  try {
    const runtime: Runtime = await import(NATIVE);
    return { name: "onnxruntime-node", runtime };
  } catch {
    return { name: "onnxruntime-web", runtime: await import("onnxruntime-web") };
  }
}

/** Loads a model. @param threads for the work within one batch */
export async function openSession(model: Uint8Array, threads: number): Promise<Session> {
  const { name, runtime } = await loadRuntime();
  runtime.env.wasm.numThreads = threads;
  runtime.env.logLevel = "error";
  const executionProviders = [name === "onnxruntime-node" ? "cpu" : "wasm"];
  const session = await runtime.InferenceSession.create(model, {
    executionProviders,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  return {
    runtime: name,
    async run(input, rows) {
      const tensor = new runtime.Tensor("float32", input, [rows, input.length / rows]);
      const { output } = await session.run({ input: tensor });
      if (output?.data instanceof Float32Array) return output.data;
      throw new TypeError("model: expected an output of 32-bit floats, found another");
    },
  };
}
