/** Asks the API. Every failure is an Error whose message is a sentence to show. */
export async function ask(path, parameters = {}, signal) {
  const query = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ''),
  );
  let response;
  try {
    response = await fetch(query.size ? `${path}?${query}` : path, {
      signal,
      headers: { accept: 'application/json' },
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('Tickscope does not answer. Is it still running?');
  }
  const body = await response.json().catch(() => undefined);
  if (!response.ok) {
    const error = new Error(body?.error?.message ?? `Tickscope answered with status ${response.status}.`);
    error.status = response.status;
    throw error;
  }
  return body;
}
