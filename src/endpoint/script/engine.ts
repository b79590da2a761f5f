import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  RELEASE_SYNC,
  type QuickJSWASMModule,
} from "quickjs-emscripten";

/** The part that is used here; the compiler has it in its library for browsers only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer;
  };
};

/** A script engine with a memory of its own. */
export interface Engine {
  readonly quickjs: QuickJSWASMModule;
  /** For which limit in bytes it was made. */
  readonly limit: number;
  /** How much of the limit is taken, at most: what has grown does not shrink again. */
  readonly taken: () => number;
  /** Whether it may serve another call. */
  readonly isReusable: () => boolean;
}

const page = 65_536;
/** What the engine is built to start with. */
const initialPages = 256;
/** The engine's own stack and data. */
const overhead = 8 * 1024 * 1024;

/**
 * An engine that can't take more memory than the limit (and 16 MiB at least). The bound is that of the
 * WebAssembly memory: the engine's own limit counts hardly anything in this build.
 */
export async function createEngine(limit: number): Promise<Engine> {
  const maximum = Math.max(initialPages, Math.ceil((limit + overhead) / page));
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum });
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory: memory }));
  return {
    quickjs,
    limit,
    taken: () => memory.buffer.byteLength - overhead,
    isReusable: () => memory.buffer.byteLength === initialPages * page,
  };
}
