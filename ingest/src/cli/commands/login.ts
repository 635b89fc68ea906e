import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { KiteBroker } from '../../broker/kite.js';
import { systemClock } from '../../clock.js';
import { writeTokenFile } from '../../feed/token-file.js';
import { readSetting, type Setting } from '../command.js';
import { Refused } from '../errors.js';
import type { Terminal } from '../terminal.js';

const LOGIN_URL = 'https://kite.zerodha.com/connect/login';

export function loginCommand(terminal: Terminal): Command {
  return new Command('login')
    .description("Exchange a request token for today's access token; a running service takes it by itself.")
    .argument(
      '[request-token]',
      'the request_token of the address that Kite sent you to, or that whole address',
    )
    .option('--access-token <token>', 'take this access token instead of a request token')
    .option('--json', 'one JSON document on stdout')
    .action(async (requestToken: string | undefined, flags: { accessToken?: string; json?: boolean }) => {
      const setting = readSetting(terminal, true);
      const { kite } = setting.config;
      if (!kite.apiKey)
        throw new Refused('KITE_API_KEY is not set: it is the API key of your Kite Connect app.');
      const broker = new KiteBroker({
        apiKey: kite.apiKey,
        root: kite.apiUrl,
        clock: systemClock,
        log: setting.log,
      });
      try {
        const accessToken = flags.accessToken ?? (await exchange(setting, broker, requestToken));
        broker.setAccessToken(accessToken);
        const { userId, userName } = await broker.profile();
        await writeTokenFile(kite.tokenFile, { accessToken, apiKey: kite.apiKey, createdAt: Date.now() });
        const expiresAt = new Date(broker.tokenExpiresAt()!).toISOString();
        terminal.print(
          flags.json
            ? JSON.stringify({ userId, userName, tokenFile: kite.tokenFile, expiresAt })
            : `Logged in as ${userName} (${userId}). The token is in ${kite.tokenFile} and is good until about ${expiresAt}.`,
        );
      } finally {
        await broker.close();
      }
    });
}

async function exchange(setting: Setting, broker: KiteBroker, given: string | undefined): Promise<string> {
  const { apiKey, apiSecret } = setting.config.kite;
  if (!apiSecret) throw new Refused('KITE_API_SECRET is not set: it is needed to exchange a request token.');
  const requestToken = requestTokenIn(given ?? (await ask(setting.terminal, apiKey!)));
  if (!requestToken)
    throw new Refused(
      'That is no request token: it is the request_token of the address that Kite sends you to.',
    );
  return (await broker.createSession(requestToken, apiSecret)).accessToken;
}

async function ask(terminal: Terminal, apiKey: string): Promise<string> {
  terminal.note(`Open this address and log in:\n  ${LOGIN_URL}?v=3&api_key=${encodeURIComponent(apiKey)}`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question('Then paste the address that it sends you to, or its request_token: ');
  } finally {
    lines.close();
  }
}

/** From a pasted address or the token itself. */
export function requestTokenIn(text: string): string | undefined {
  const trimmed = text.trim();
  const token = URL.canParse(trimmed) ? new URL(trimmed).searchParams.get('request_token') : trimmed;
  return token && /^\w+$/.test(token) ? token : undefined;
}
