const POLL_MS = 50;

/** Asks again and again until there is an answer. @throws Error that says what never came */
export async function until<T>(
  answer: () => T | undefined | Promise<T | undefined>,
  missing: string,
  deadlineMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await answer();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(missing);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
