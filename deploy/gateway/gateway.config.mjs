// Hive Gateway before Lumbung's subgraphs: reads one supergraph file, speaks to nobody but the subgraphs, and listens
// on this machine only unless HOST says otherwise. What each setting means is in README.md.
import { readFile } from 'node:fs/promises';
import { defineConfig } from '@graphql-hive/gateway';
import { buildSchema, GraphQLError } from 'graphql';

const secret = process.env.LUMBUNG_SUBGRAPH_SECRET ?? '';
if (secret.length < 32) {
  throw new Error('LUMBUNG_SUBGRAPH_SECRET: at least 32 characters, the same as subgraph_secret in lumbung.toml');
}

const AWAY = new Set(['SUBREQUEST_HTTP_ERROR', 'TIMEOUT_ERROR', 'GATEWAY_TIMEOUT', 'RESPONSE_VALIDATION_FAILED']);

/** An error as it leaves: a subgraph's own as it came, one that is away by its name, all others without details. */
function maskError(error, message) {
  const { code, subgraph } = error?.extensions ?? {};
  const place = { nodes: error?.nodes, path: error?.path };
  if (AWAY.has(code) || error?.name === 'TimeoutError') {
    const name = subgraph ? ` ${subgraph}` : ''; // not told of one that hangs; the path says which field it is
    const said = `Subgraf${name} sedang tidak menjawab. / Subgraph${name} does not answer now.`;
    return new GraphQLError(said, { ...place, extensions: { code: 'SUBGRAPH_UNREACHABLE', subgraph } });
  }
  let origin = error;
  while (origin?.name === 'GraphQLError' && origin.originalError) origin = origin.originalError;
  if (origin?.name === 'GraphQLError') return error;
  return new GraphQLError(message, { ...place, extensions: { code: 'INTERNAL' } });
}

const file = process.env.LUMBUNG_SUPERGRAPH ?? '../../graphql/supergraph.graphql';
let last = null;
let told = '';

/** The supergraph as its file has it; where that cannot be used, the one before: Hive Gateway would look no further. */
async function supergraph() {
  try {
    const text = await readFile(file, 'utf8');
    if (text !== last && !buildSchema(text).getType('join__Graph')) throw new Error('it names no subgraphs');
    last = text;
    told = '';
  } catch (error) {
    if (last === null) throw error;
    if (told !== error.message) console.error(`supergraph.unusable ${file}: ${error.message}`);
    told = error.message;
  }
  return last;
}

export const gatewayConfig = defineConfig({
  // Looked at again and again instead of watched: Hive Gateway's watch ends where a file is replaced whole.
  supergraph,
  pollingInterval: 10_000, // the least that it takes
  host: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT ?? 4000),
  graphiql: false, // its page loads scripts from elsewhere
  landingPage: false,
  batching: false,
  multipart: false,
  cors: false,
  disableIntrospection: process.env.LUMBUNG_INTROSPECTION === 'false' ? {} : undefined,
  blockFieldSuggestions: true,
  maxTokens: 4000,
  maxDepth: 15,
  upstreamTimeout: 1000 * Number(process.env.LUMBUNG_SUBGRAPH_SECONDS ?? 12),
  requestDeadline: 30_000,
  subgraphErrors: { errorCode: false, subgraphNameProp: 'subgraph' },
  maskedErrors: { maskError },
  propagateHeaders: {
    // Who asks decides what is seen, in whose language; the secret opens the subgraphs' doors and nothing else.
    fromClientToSubgraphs({ request }) {
      const passed = { 'x-subgraph-secret': secret };
      for (const name of ['authorization', 'accept-language']) {
        const value = request.headers.get(name);
        if (value) passed[name] = value;
      }
      return passed;
    },
  },
});
