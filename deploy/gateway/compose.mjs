// Composes a supergraph: reads [{name, url, typeDefs}] as JSON from standard input, writes the supergraph's SDL to
// standard output; errors go to standard error as JSON lines, and the status is then 1.
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

let given = '';
for await (const piece of process.stdin.setEncoding('utf8')) given += piece;
const subgraphs = JSON.parse(given).map(({ name, url, typeDefs }) => ({ name, url, typeDefs: parse(typeDefs) }));
const { supergraphSdl, errors } = composeServices(subgraphs);
for (const { message, extensions } of errors ?? []) {
  process.stderr.write(`${JSON.stringify({ code: extensions?.code ?? 'INVALID', message })}\n`);
}
if (supergraphSdl === undefined || errors?.length) process.exitCode = 1;
else process.stdout.write(supergraphSdl);
