"use strict";
// The page reads well without this: it only sorts and filters the table of students.
const table = document.getElementById("table");
const body = table.tBodies[0];
const heads = [...table.tHead.rows[0].cells];
const rows = [...body.rows];
const text = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const value = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.v ?? cell.textContent.trim();
};

function compare(column, numeric) {
  return (a, b) => {
    const [x, y] = [value(a, column), value(b, column)];
    return numeric ? Number(x) - Number(y) : collator.compare(x, y);
  };
}

function sort(head) {
  const column = heads.indexOf(head);
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const known = rows.filter((row) => value(row, column) !== "");
  const unknown = rows.filter((row) => value(row, column) === "");
  known.sort(compare(column, head.dataset.sort === "number"));
  if (down) known.reverse();
  body.append(...known, ...unknown);
}

for (const head of heads) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  button.addEventListener("click", () => sort(head));
  head.append(button);
}

const form = document.getElementById("filter");
const search = document.getElementById("search");
const outcome = document.getElementById("outcome");
const failing = document.getElementById("failing");
const shown = document.getElementById("shown");

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const column = heads.findIndex((head) => failing.value && head.dataset.check === failing.value);
  let count = 0;
  for (const row of rows) {
    const keep =
      words.every((word) => text.get(row).includes(word)) &&
      (!outcome.value || row.dataset.outcome === outcome.value) &&
      (column < 0 || !["", "passed"].includes(value(row, column)));
    row.hidden = !keep;
    count += keep;
  }
  shown.textContent = `${count} of ${rows.length} shown`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
filter();
