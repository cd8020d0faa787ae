"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const words = JSON.parse(document.body.dataset.words);
  const HISTORY = "lumbung.tanya.history", TOKEN = "lumbung.tanya.token", KEPT = 30;
  const store = {
    get(key, otherwise) { try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; } },
    set(key, value) { try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode */ } },
  };
  const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text ?? "" }, more);
  const say = (text) => { byId("state").textContent = text; };

  // asking
  let data = null;
  async function ask() {
    let variables = null;
    const written = byId("variables").value.trim();
    if (written) {
      try { variables = JSON.parse(written); } catch { say(words.bad_variables); byId("variables").focus(); return; }
    }
    const query = byId("query").value, token = byId("token").value.trim();
    if (!query.trim()) { byId("query").focus(); return; }
    const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
    if (token) headers.Authorization = `Bearer ${token}`;
    say(words.asking);
    const begin = performance.now();
    try {
      const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
      const body = await answer.json();
      const spent = Math.round(performance.now() - begin), cost = body.extensions?.cost;
      say(`${body.errors ? words.with_errors : words.done} · ${spent} ms` + (cost ? ` · ${words.cost} ${cost.cost}/${cost.limit}` : ""));
      byId("json").textContent = JSON.stringify(body, null, 2);
      data = body.data ?? null;
      showTable();
      remember({ query, variables: written });
    } catch { say(words.unreachable); }
  }
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  byId("ask").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); ask(); }
  });

  // the answer as a table
  function rowsOf(value) {
    if (value === null || typeof value !== "object") return null;
    if (Array.isArray(value)) return value.length && value.every((v) => v && typeof v === "object" && !Array.isArray(v)) ? value : null;
    if (Array.isArray(value.nodes)) return rowsOf(value.nodes);
    if (Array.isArray(value.edges)) return rowsOf(value.edges.map((edge) => edge.node ?? edge));
    for (const inner of Object.values(value)) { const found = rowsOf(inner); if (found) return found; }
    return null;
  }
  function flat(row, prefix = "", out = {}) {
    for (const [key, value] of Object.entries(row)) {
      if (value && typeof value === "object" && !Array.isArray(value)) flat(value, `${prefix}${key}.`, out);
      else out[prefix + key] = Array.isArray(value) ? JSON.stringify(value) : value;
    }
    return out;
  }
  function showTable() {
    const rows = (rowsOf(data) ?? []).map((row) => flat(row)), place = byId("table");
    place.replaceChildren();
    if (!rows.length) { place.append(made("p", words.no_rows)); return; }
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const table = made("table"), head = made("tr"), body = made("tbody");
    columns.forEach((column) => head.append(made("th", column, { scope: "col" })));
    for (const row of rows) {
      const line = made("tr");
      columns.forEach((c) => line.append(made("td", row[c] === null || row[c] === undefined ? "" : String(row[c]), { className: typeof row[c] === "number" ? "number" : "" })));
      body.append(line);
    }
    const top = made("thead");
    top.append(head);
    table.append(made("caption", `${rows.length} ${words.rows}`), top, body);
    place.append(table);
  }
  function view(table) {
    byId("json").hidden = table; byId("table").hidden = !table;
    byId("as-json").setAttribute("aria-pressed", String(!table)); byId("as-table").setAttribute("aria-pressed", String(table));
  }
  byId("as-json").addEventListener("click", () => view(false));
  byId("as-table").addEventListener("click", () => view(true));

  // history and token
  function fill(select, items, label) {
    while (select.options.length > 1) select.remove(1);
    items.forEach((item, i) => select.append(made("option", label(item), { value: String(i) })));
  }
  const past = () => store.get(HISTORY, []);
  const showPast = () => fill(byId("past"), past(), (one) => one.query.replace(/\s+/g, " ").slice(0, 80));
  function remember(one) {
    const others = past().filter((p) => p.query !== one.query || p.variables !== one.variables);
    store.set(HISTORY, [one, ...others].slice(0, KEPT)); showPast();
  }
  function put(one) { byId("query").value = one.query; byId("variables").value = one.variables ?? ""; byId("query").focus(); }
  byId("past").addEventListener("change", (event) => { const one = past()[event.target.value]; if (one) put(one); });
  byId("forget").addEventListener("click", () => { store.set(HISTORY, null); showPast(); say(words.forgotten); });
  byId("token").value = store.get(TOKEN, ""); byId("keep").checked = Boolean(byId("token").value);
  const keep = () => store.set(TOKEN, byId("keep").checked && byId("token").value.trim() ? byId("token").value.trim() : null);
  byId("keep").addEventListener("change", keep); byId("token").addEventListener("input", keep);
  showPast();

  // examples
  fetch("tanya/examples.json").then((answer) => answer.json()).then((examples) => {
    fill(byId("example"), examples, (one) => one.title);
    byId("example").addEventListener("change", (event) => { const one = examples[event.target.value]; if (one) put(one); });
    if (!byId("query").value && examples.length) byId("query").value = examples[0].query;
  }).catch(() => say(words.unreachable));

  // schema
  let types = null;
  const bare = (type) => type.replace(/[[\]!]/g, "");
  function show(name) {
    const find = byId("find").value.trim().toLowerCase(), list = byId("schema"), trail = byId("trail");
    list.replaceChildren(); trail.replaceChildren();
    const type = types[name];
    if (find) {
      const hits = Object.keys(types).flatMap((t) => (types[t].fields ?? []).map((f) => [t, f])).filter(([t, f]) => `${t}.${f.name}`.toLowerCase().includes(find)).slice(0, 100);
      hits.forEach(([t, f]) => list.append(line(f, t)));
      byId("schema-state").textContent = `${hits.length} ${words.found}`;
      return;
    }
    byId("schema-state").textContent = "";
    if (name !== "Query") trail.append(link("Query", "← Query"));
    trail.append(made("p", `${name}: ${type.about ?? ""}`));
    (type.fields ?? []).forEach((f) => list.append(line(f)));
    (type.values ?? []).forEach((v) => { const item = made("li"); item.append(made("code", v.name), made("p", v.about ?? "", { className: "about" })); list.append(item); });
  }
  function link(name, text) {
    const button = made("button", text ?? name, { type: "button", className: "link" });
    button.addEventListener("click", () => { byId("find").value = ""; show(name); byId("trail").querySelector("button")?.focus(); });
    return button;
  }
  function line(field, of) {
    const item = made("li"), typed = (type) => (types[bare(type)] ? link(bare(type), type) : made("code", type));
    item.append(made("code", `${of ? `${of}.` : ""}${field.name}: `), typed(field.type));
    if (field.about) item.append(made("p", field.about, { className: "about" }));
    (field.args ?? []).forEach((arg) => { const row = made("div", "", { className: "about" }); row.append(made("code", `${arg.name}: `), typed(arg.type)); item.append(row); });
    return item;
  }
  fetch("tanya/schema.json").then((answer) => (answer.ok ? answer.json() : null)).then((found) => {
    if (!found) { byId("schema-state").textContent = words.schema_closed; byId("find").disabled = true; return; }
    types = found; show("Query");
    byId("find").addEventListener("input", () => show("Query"));
  }).catch(() => { byId("schema-state").textContent = words.unreachable; });
})();
