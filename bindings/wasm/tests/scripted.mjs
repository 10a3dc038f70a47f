// A server over real HTTP whose answers are a test's.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Starts one. `answer` gets a request and its body, and gives what is answered; without a status the connection ends instead. */
export async function scripted(answer) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { status, json, headers } = answer(request, Buffer.concat(chunks).toString());
    if (status === undefined) return request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
