/** What arrived at the stand-in of an example, the newest first. */
export interface Arrived {
  count: number;
  events: { eventType: string; images?: { sourceId?: string; inputSourceId?: string }[] }[];
}

/** @param page address of the stand-in: its page, and the base URL of the workspace */
export async function arrivedAt(page: string): Promise<Arrived> {
  const answer = await fetch(`${page}?events`);
  if (!answer.ok) throw new Error(`${page}: HTTP ${answer.status}`);
  return (await answer.json()) as Arrived;
}
