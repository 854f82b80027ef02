// Who may do what: of the gateway's own table of orders (gateway/jobs/kinds.c), and of what docs/console-api.md promises.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Role } from "../../../console/src/session";

export const ROLES: Role[] = ["operator", "reviewer", "auditor", "administrator"];
const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");

// Kind → roles, as the compiler reads it; those of nobody on the staff are left out.
export function kindsOfGateway(): Map<string, Role[]> {
  const text = read("gateway/jobs/kinds.c");
  const named = new Map<string, Role[]>(ROLES.map((role) => [`ROLE_${role.toUpperCase()}`, [role]]));
  const rolesOf = (expression: string): Role[] => {
    const parts = expression.split("|").flatMap((part) => (part.trim() === "0" ? [] : (named.get(part.trim()) ?? [`? ${part}` as Role])));
    return ROLES.filter((role) => parts.includes(role)).concat(parts.filter((part) => !ROLES.includes(part)));
  };
  const kinds = new Map<string, Role[]>();

  for (const [, name, expression] of text.matchAll(/^ {4}([A-Z]+) = ([A-Z_| ]+?),? *(?:\/\*.*)?$/gm)) named.set(name!, rolesOf(expression!));
  const table = /KINDS\[\] = \{([\s\S]*?)\n\};/.exec(text)?.[1] ?? "";
  for (const [, name, expression] of table.matchAll(/\{"([\w-]+)",\s*\w+,\s*(?:&\w+|NULL),\s*(?:\w+),\s*([\w| ]+),\s*(?:true|false),\s*(?:true|false)\}/g))
    if (rolesOf(expression!).length) kinds.set(name!, rolesOf(expression!));
  return kinds;
}

const rolesOfText = (text: string): Role[] => (text === "" || text === "all" ? ROLES : ROLES.filter((role) => text.split(/[^a-z]+/).includes(role)));
const cellsOf = (line: string): string[] => line.replaceAll("\\|", "¦").split("|").slice(1, -1).map((cell) => cell.trim());

// The rows of the document's tables that say what works, by the names of their columns.
function rowsOfDocument(): Map<string, string>[] {
  const rows: Map<string, string>[] = [];
  let header: string[] = [];

  for (const line of read("docs/console-api.md").split("\n")) {
    if (!line.startsWith("|")) header = [];
    else if (header.length === 0) header = cellsOf(line);
    else if (!line.startsWith("|-")) rows.push(new Map(cellsOf(line).map((cell, at) => [header[at] ?? "", cell])));
  }
  return rows.filter((row) => row.get("is") === "yes");
}

// Kind → roles, as docs/console-api.md says it.
export function kindsOfDocument(): Map<string, Role[]> {
  return new Map(rowsOfDocument().flatMap((row) => (row.get("kind") ?? "").split(", ").filter(Boolean).map((name): [string, Role[]] => [name, rolesOfText(row.get("roles") ?? "")])));
}

export interface Route {
  method: "GET" | "POST";
  path: string;
  roles: Role[];
  // It names something that may not be there.
  isOfOne: boolean;
}
// The paths of the document that some may ask and others not, or all; with `given` in the place of what stands in braces.
export function routesOfDocument(given: Record<string, string>): Route[] {
  return rowsOfDocument().flatMap((row): Route[] => {
    const [, method, path] = /^(GET|POST) `([^`]+)`/.exec(row.get("method, path") ?? "") ?? [];
    const isOfStaff = path?.startsWith("/admin/v1/staff/") === true;

    if (!method || !path || !(row.has("roles") || isOfStaff)) return [];
    return [
      {
        method: method as "GET" | "POST",
        path: path.replace(/\[.*?\]/g, "").replace(/\?.*$/, "").replace(/\{(\w+)\}/g, (_, name: string) => given[name] ?? "none"),
        // Who may do something with a member of the staff stands in the heading of that table.
        roles: isOfStaff ? ["administrator"] : rolesOfText(row.get("roles") ?? ""),
        isOfOne: path.includes("{"),
      },
    ];
  });
}
