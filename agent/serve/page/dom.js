// Elements, made from data that is never read as markup.

// A process may call itself anything: what would turn the reading direction or is no character is shown as unknown.
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export function safe(text) {
  return String(text).replace(UNSAFE, "\ufffd");
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(made, key, value ?? null);
  made.append(...children.filter((child) => child !== null).map((child) => (child instanceof Node ? child : safe(child))));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawing(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Text that is already there is left alone: a selection in it survives.
export function setText(node, text) {
  const wanted = safe(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

// null: without the attribute.
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}
