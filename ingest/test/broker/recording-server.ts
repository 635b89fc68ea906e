import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status?: number;
  readonly body: string;
}

/** An HTTP server that writes down what it is asked and answers what it is told to: first `answers`, then `always`. */
export async function recordingServer() {
  const requests: Array<{ readonly url: string; readonly authorization: string | undefined }> = [];
  const recording = {
    url: '',
    requests,
    answers: [] as Answer[],
    always: { status: 500, body: '' } as Answer,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => {
    requests.push({ url: request.url!, authorization: request.headers.authorization });
    const { status = 200, body } = recording.answers.shift() ?? recording.always;
    response.writeHead(status, { connection: 'close' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  recording.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return recording;
}
