// Building nodes. Texts become text nodes; nothing here parses HTML.

type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | null> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  for (const child of children) if (child !== null) node.append(child);
  return node;
}

/** Sets or removes; writes only a difference, because screen readers hear of every write. */
export function setAttribute(node: Element, name: string, value: string | boolean | null): void {
  if (value === null || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else {
    const text = value === true ? "" : value;
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setHidden(node: HTMLElement, hidden: boolean): void {
  if (node.hidden !== hidden) node.hidden = hidden;
}

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  close: ["M6 6l12 12M18 6L6 18"],
  send: ["M5 12h13M12 5.5l6.5 6.5-6.5 6.5"],
  down: ["M12 5v13M6 12.5l6 6 6-6"],
  queued: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M12 8v4.5l3 1.5"],
  sent: ["M5 12.5l4.5 4.5L19 7.5"],
  delivered: ["M2 12.5L6.5 17 15 8", "M11 15.5l1.8 1.8L22 8"],
  read: ["M2 12.5L6.5 17 15 8", "M11 15.5l1.8 1.8L22 8"],
  star: ["M12 3.2l2.7 5.5 6.1.9-4.4 4.3 1 6.1-5.4-2.9L6.6 20l1-6.1L3.2 9.6l6.1-.9z"],
  failed: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M12 8v4.6M12 15.8v.2"],
} as const;

export type IconName = keyof typeof ICONS;

/** A decorative drawing: what it means is said in words beside it. */
export function icon(name: IconName, size: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24",
    width: String(size),
    height: String(size),
    fill: "none",
    stroke: "currentColor",
    "stroke-width": size < 18 ? "2.4" : "2",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    focusable: "false",
    class: `icon icon-${name}`,
  })) {
    svg.setAttribute(key, value);
  }
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
