/**
 * Makes work run one time after the other: asked for while it runs, it runs once more, however often it was
 * asked for. What is given back resolves when all of that is done, and rejects when a run does.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  async function run(): Promise<void> {
    while (again) {
      again = false;
      await work();
    }
  }
  return () => {
    again = true;
    running ??= run().finally(() => (running = null));
    return running;
  };
}
