/** Something that holds a resource until it is closed. */
export interface Closeable {
  close(): Promise<void>;
}
