// Normalises and hashes users with the official SDK, a round for each line on standard input.
//
// The first line holds the users as JSON. Each further one is "hash" or "json" and a number of users to go through; the answer
// is the nanoseconds that it took. "show" answers with what becomes of them.

import { createInterface } from 'node:readline';
import sdk from 'facebook-nodejs-business-sdk';

const { UserData } = sdk;

function userData(user) {
  return new UserData()
    .setEmails([user.em])
    .setPhones([user.ph])
    .setFirstNames([user.fn])
    .setLastNames([user.ln])
    .setCities([user.ct])
    .setStates([user.st])
    .setZips([user.zp])
    .setCountries([user.country])
    .normalize();
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const users = JSON.parse((await lines.next()).value);
let seen = 0;

const work = {
  hash: (user) => userData(user).em.length,
  json: (user) => JSON.stringify(userData(user)).length,
};

for await (const line of lines) {
  if (line === 'show') {
    console.log(JSON.stringify(users.map(userData)));
    continue;
  }
  const [what, count] = line.split(' ');
  const start = process.hrtime.bigint();
  for (let nth = 0; nth < Number(count); nth++) {
    // Added up, so that nothing is optimised away.
    seen += work[what](users[nth % users.length]);
  }
  console.log(String(process.hrtime.bigint() - start));
}

if (!Number.isFinite(seen)) process.exitCode = 1;
