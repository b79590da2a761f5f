const patience = 2000;

/** What a store answers, or `away` when it fails or takes longer than two seconds: probes must not wait for it. */
export async function answerSoon<T>(answer: Promise<T>): Promise<T | "away"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"away">((resolve) => {
    timer = setTimeout(() => resolve("away"), patience);
  });
  try {
    return await Promise.race([answer.catch((): "away" => "away"), late]);
  } finally {
    clearTimeout(timer);
  }
}
