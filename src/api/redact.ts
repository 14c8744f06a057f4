export type Redactor = (text: string) => string;

/** Strikes secrets out of texts that come from elsewhere: as they are, as base64, percent-encoded, and escaped for JSON. */
export function makeRedactor(secrets: { text: string | undefined; label: string }[]): Redactor {
  const replacements: { form: string; label: string }[] = [];
  for (const { text, label } of secrets) {
    if (!text) continue;
    const base64 = Buffer.from(text).toString('base64');
    const forms = new Set([
      text,
      base64,
      base64.replace(/=+$/, ''),
      Buffer.from(text).toString('base64url'),
      encodeURIComponent(text.replace(/\p{Surrogate}/gu, '')),
      JSON.stringify(text).slice(1, -1),
    ]);
    for (const form of forms) replacements.push({ form, label });
  }
  // Longest first, so that a form that contains another one leaves no rest behind.
  replacements.sort((a, b) => b.form.length - a.form.length);
  return (text) => replacements.reduce((clean, { form, label }) => clean.split(form).join(label), text);
}
