import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does one fixed piece of work again and again, in short bursts, until a line comes on stdin, and tells how much
 * processor time a piece took on average, in microseconds. A second of a hardware thread whose sibling is busy too is worth
 * less than one of an idle core; what this takes meanwhile tells how much less.
 */
const PIECES = 4;
const REST_MS = 25;

const people = Array.from({ length: 40 }, (_, n) => ({
  id: n,
  name: `山田 花子 ${n}`,
  mail: `p${n}@home.example`,
}));

function piece(): number {
  const copies = JSON.parse(JSON.stringify(people)) as typeof people;
  const byMail = new Map(copies.map((one) => [one.mail.toLowerCase(), one]));
  let sum = 0;
  for (const { mail, id } of people) sum += (byMail.get(mail)?.name.normalize('NFKC').length ?? 0) * id;
  return sum;
}

let asked = false;
process.stdin.once('data', () => {
  asked = true;
});
// Compiled before it is measured.
for (let i = 0; i < 2_000; i += 1) piece();
process.stdout.write('ready\n');
let pieces = 0;
let micros = 0;
let sum = 0;
while (!asked) {
  const from = process.cpuUsage();
  for (let i = 0; i < PIECES; i += 1) sum += piece();
  const { user, system } = process.cpuUsage(from);
  micros += user + system;
  pieces += PIECES;
  await sleep(REST_MS);
}
process.stdout.write(`${JSON.stringify({ micros: micros / pieces, sum })}\n`);
process.stdin.destroy();
