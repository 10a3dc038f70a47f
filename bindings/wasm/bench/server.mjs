// The other side of the calls, in a process of its own: its work is nobody's here.
import { createServer } from 'node:http';

const answer = JSON.stringify({ kind: 'admin', scopes: ['admin'] });
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_1' });
  response.end(answer);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
