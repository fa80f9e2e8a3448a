// What a report can do beyond being read: change the view, filter, sort, and be walked through by keyboard.
// Everything on the page can be read without it. It only shows, hides, moves and copies elements that the page already
// has, and sets text as text: nothing here makes markup of words, so no story can become part of the page.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

document.documentElement.classList.add("scripted");
if (one("body > .list")) listen({});
else if (one("body > .run")) run();
else story();

// One story: what is done to its lines.

function story() {
  const lines = all(".line");
  const place = new Map(lines.map((line, number) => [line, number]));
  const changes = lines.filter((line) => one(".notes", line));
  const boxes = all(".filter input");
  let here = null;

  // On a phone the summary stands above the story: it begins with the counts only.
  if (matchMedia("(max-width: 44rem)").matches) all(".filter details").forEach((list) => { list.open = false; });

  function show(view) {
    one("#" + view).checked = true;
    if (view === "side") lines.forEach(layBeside);
  }

  // The copy of a line beside its source, made when it is first asked for.
  function layBeside(line) {
    const before = one(".text", line);
    if (one(".after", line) || line.classList.contains("gone")) return;
    const after = before.cloneNode(true);
    all("del, mark", after).forEach((cut) => cut.remove());
    after.classList.add("after");
    // Read aloud, a line that stays as it is would be said twice.
    if (!line.classList.contains("trimmed")) after.ariaHidden = "true";
    before.after(after);
  }

  // What a line can be chosen by: "removed", and "removed english/follow-us".
  const kinds = new Map(changes.map((line) => [line, all(".note", line).flatMap((note) => {
    const effect = note.classList[1];
    return [effect, ...all(":scope > code", note).map((rule) => effect + " " + rule.textContent)];
  })]));

  function filter() {
    const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const fits = (line) => (kinds.get(line) || []).some((kind) => chosen.has(kind));
    lines.forEach((line) => line.classList.toggle("dim", chosen.size > 0 && !fits(line)));
    one("#all").hidden = chosen.size === 0;
    say();
  }

  // The clean copy shows no changes: there is nothing to walk.
  const shown = () => one("#clean").checked ? [] : changes.filter((line) => !line.classList.contains("dim"));

  function say() {
    const found = shown();
    const at = found.indexOf(here) + 1;
    const total = found.length === 1 ? "1 change" : found.length + " changes";
    one("#place").textContent = at ? at + " of " + total : total;
    one("#next").disabled = one("#previous").disabled = found.length === 0;
  }

  function step(forward) {
    const found = shown();
    const from = place.get(document.activeElement.closest(".line") || here);
    const next = from === undefined ? found.at(forward ? 0 : -1)
      : forward ? found.find((line) => place.get(line) > from)
      : found.findLast((line) => place.get(line) < from);
    if (next) go(next);
  }

  function go(line) {
    if (!line.offsetParent) show("inline");
    here = line;
    const notes = all(".note b", line).map((note) => note.textContent).join(", ");
    line.role = "group";
    line.ariaLabel = "Line " + one(".number", line).textContent + (notes ? ": " + notes : "");
    line.tabIndex = -1;
    line.focus({ preventScroll: true });
    line.scrollIntoView({ block: line.offsetHeight > innerHeight / 2 ? "start" : "center" });
    say();
  }

  function follow() {
    const line = location.hash && document.getElementById(location.hash.slice(1));
    if (line && place.has(line)) go(line);
  }

  for (const view of all("input[name=view]")) view.addEventListener("change", () => { show(view.id); say(); });
  for (const box of boxes) box.addEventListener("change", filter);
  one("#all").addEventListener("click", () => { boxes.forEach((box) => { box.checked = false; }); filter(); });
  one("#next").addEventListener("click", () => step(true));
  one("#previous").addEventListener("click", () => step(false));
  addEventListener("hashchange", follow);
  listen({
    n: () => step(true), j: () => step(true), p: () => step(false), k: () => step(false),
    1: () => { show("inline"); say(); }, 2: () => { show("side"); say(); }, 3: () => { show("clean"); say(); },
    f: () => {
      const list = boxes[0] && boxes[0].closest("details");
      if (list) list.open = true;
      if (boxes[0]) boxes[0].focus();
    },
  });
  // A browser that comes back to the page has kept its boxes as they were.
  show(one("input[name=view]:checked").id);
  filter();
  follow();
}

// One run: its stories found, chosen and ordered.

function run() {
  const body = one(".stories tbody");
  const form = one(".find");
  listen({ f: () => form && one("[name=words]", form).focus(), n: () => walk(1), j: () => walk(1), p: () => walk(-1), k: () => walk(-1) });
  if (!body) return;

  const verdicts = ["hold", "failed", "kill", "embargo", "publish"];
  const number = (row, name) => parseFloat(one(`[data-label=${name}]`, row).textContent.replaceAll(",", "")) || 0;
  const stories = [...body.rows].map((row, at) => ({
    row, at,
    verdict: row.className,
    publisher: one(".publisher", row)?.textContent ?? "",
    rules: row.dataset.rules ? row.dataset.rules.split(" ") : [],
    words: row.textContent.toLowerCase(),
    headline: one(".headline", row).textContent,
    kept: number(row, "kept"), removed: number(row, "removed"),
    seconds: Number(one("[data-seconds]", row).dataset.seconds),
  }));
  const rules = all(".counts tbody code").map((rule) => rule.textContent);
  const fields = ["words", "verdict", "rule", "publisher", "sort"];
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const orders = {
    headline: (a, b) => compare(a.headline, b.headline),
    verdict: (a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict),
    kept: (a, b) => a.kept - b.kept, removed: (a, b) => a.removed - b.removed, seconds: (a, b) => a.seconds - b.seconds,
  };
  let sorted = "";

  function offer(name, values) {
    form.elements[name].append(...values.map(([value, words]) => new Option(words, value)));
  }

  function apply() {
    const { words, verdict, rule, publisher, sort } = Object.fromEntries(fields.map((name) => [name, form.elements[name].value]));
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = String(rules.indexOf(rule));
    let found = 0;
    for (const story of stories) {
      const fits = (!verdict || story.verdict === verdict) && (!publisher || story.publisher === publisher)
        && (!rule || story.rules.includes(asked)) && wanted.every((word) => story.words.includes(word));
      story.row.hidden = !fits;
      found += fits;
    }
    if (sort !== sorted) order(sort);
    const whole = found === stories.length;
    one("#found").textContent = whole ? (found === 1 ? "1 story" : found + " stories") : `${found} of ${stories.length} stories`;
    one("#all").hidden = whole && !sort;
    remember();
  }

  function order(sort) {
    const name = sort.replace("-", "");
    const compareBy = orders[name];
    const turn = sort.startsWith("-") ? -1 : 1;
    const now = compareBy ? [...stories].sort((a, b) => turn * compareBy(a, b) || a.at - b.at) : stories;
    body.append(...now.map((story) => story.row));
    for (const head of all(".stories th[data-sort]")) {
      head.ariaSort = head.dataset.sort === name ? (turn > 0 ? "ascending" : "descending") : null;
    }
    sorted = sort;
  }

  // What was chosen stands in the address: a filtered list can be sent on, and is there again after "back".
  function remember() {
    const chosen = new URLSearchParams();
    for (const name of fields) if (form.elements[name].value) chosen.set(name, form.elements[name].value);
    history.replaceState(null, "", location.href.split("#")[0] + (String(chosen) && "#" + chosen));
  }

  function recall() {
    const chosen = new URLSearchParams(location.hash.slice(1));
    for (const name of fields) choose(name, chosen.get(name) ?? "");
    apply();
  }

  function choose(name, value) {
    const field = form.elements[name];
    field.value = value;
    if (field.selectedIndex < 0) field.value = "";
  }

  function clear() {
    for (const name of fields) choose(name, "");
  }

  offer("rule", rules.map((rule) => [rule, rule]).sort((a, b) => compare(a[1], b[1])));
  offer("publisher", [...new Set(stories.map((story) => story.publisher))].filter(Boolean).sort(compare).map((name) => [name, name]));
  form.addEventListener("input", apply);
  one("#all").addEventListener("click", () => { clear(); apply(); });
  for (const link of all("[data-choose]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      clear();
      const verdict = link.dataset.choose === "verdict";
      choose(link.dataset.choose, verdict ? link.dataset.value : link.textContent);
      apply();
      const heading = one("#stories");
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      heading.scrollIntoView();
    });
  }
  for (const head of all(".stories th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const name = head.dataset.sort;
      const ways = name === "headline" || name === "verdict" ? [name, "-" + name] : ["-" + name, name];
      choose("sort", form.elements.sort.value === ways[0] ? ways[1] : ways[0]);
      apply();
    });
  }
  addEventListener("hashchange", recall);
  recall();

  function walk(by) {
    const links = all(".stories tr:not([hidden]) .headline a");
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }
}

// Single keys, and the box that tells them. Whoever speaks to the computer can switch them off there (WCAG 2.1.4).

function listen(keys) {
  const box = one("#keys");
  const help = () => { if (box.open) box.close(); else box.showModal(); };
  all(".help").forEach((button) => button.addEventListener("click", help));
  one("button", box).addEventListener("click", () => box.close());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.target.closest("select, textarea, input:not([type=checkbox], [type=radio])")) return;
    if (!one("#single").checked) return;
    const act = event.key === "?" ? help : box.open ? null : Object.hasOwn(keys, event.key) && keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
