/** Makes elements. */

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text = "",
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (text !== "") made.textContent = text;
  made.append(...children);
  return made;
}

/** A section of the page, with a heading that links can lead to. */
export function section(id: string, title: string, ...children: readonly (Node | string)[]): HTMLElement {
  const made = element("section", "", element("h2", title), ...children);
  made.id = id;
  return made;
}
