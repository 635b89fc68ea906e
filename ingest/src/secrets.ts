/** Shorter ones stand in every sentence, and blotting them out would only garble it. */
const SHORTEST = 5;

/** `text` without `secrets`: credentials that others repeat to us. */
export function withoutSecrets(text: string, secrets: ReadonlyArray<string | undefined>): string {
  return secrets.reduce<string>(
    (clean, secret) => (secret && secret.length >= SHORTEST ? clean.replaceAll(secret, '***') : clean),
    text,
  );
}
