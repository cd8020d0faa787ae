// PostGraphile as its documentation sets it up for production, over the tables of benchmarks/_graphql_peer.py.
//
// A request's token becomes the settings of its transaction, by which the view leaves out rows and a column. There is
// one token, compared in memory: nothing is read from the database for it, which is to the peer's advantage.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(process.env.PEER_FOLDER + "/").href;
const require = createRequire(folder);
const load = async (name) => {
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default ?? module;
};
const { postgraphile } = await load("postgraphile");
const { PostGraphileAmberPreset } = await load("postgraphile/presets/amber");
const { makePgService } = await load("postgraphile/adaptors/pg");
const { grafserv } = await load("postgraphile/grafserv/node");
const { PgAggregatesPreset } = await load("@graphile/pg-aggregates");

const { PEER_TOKEN, PEER_MEMBER, PEER_DATABASE } = process.env;
const preset = {
  extends: [PostGraphileAmberPreset, PgAggregatesPreset],
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [makePgService({ connectionString: PEER_DATABASE, schemas: ["api"], poolConfig: { max: 8 } })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false, watch: false, maxRequestLength: 100_000 },
  grafast: {
    explain: false,
    context(requestContext) {
      const given = requestContext.node?.req.headers.authorization;
      if (given !== `Bearer ${PEER_TOKEN}`) throw new Error("token");
      return { pgSettings: { role: "walidata", "lumbung.member": PEER_MEMBER } };
    },
  },
};
const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
