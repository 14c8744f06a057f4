/** What a workspace is called in lists and in the log: by its name, else by where it sends to and for which device. */
export function workspaceLabel(settings: {
  name?: unknown;
  baseUrl?: unknown;
  deviceId?: unknown;
}): string | undefined {
  const { name, baseUrl, deviceId } = settings;
  if (typeof name === 'string' && name !== '') return name;
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#]+)/.exec(typeof baseUrl === 'string' ? baseUrl : '')?.[1];
  const parts = [host, deviceId].filter((part) => typeof part === 'string' && part !== '');
  return parts.length > 0 ? parts.join(' · ') : undefined;
}
