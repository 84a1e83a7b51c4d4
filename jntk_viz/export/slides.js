// Formulas by the MathJax inside Bokeh, then reveal.js. `slidesReady` tells that all are set.
const FORMULA = /\$\$([\s\S]+?)\$\$|\$([^$]+?)\$/g;

async function typesetAll() {
  const provider = Bokeh.require("models/text/providers").default_provider;
  if (provider.status == "not_started" || provider.status == "loading") await provider.fetch();
  const walker = document.createTreeWalker(document.querySelector(".slides"), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.data.includes("$") && !node.parentElement.closest("pre, code, script, style")) {
      texts.push(node);
    }
  }
  for (const node of texts) {
    const pieces = [];
    let end = 0;
    for (const found of node.data.matchAll(FORMULA)) {
      const display = found[1] !== undefined;
      pieces.push(node.data.slice(end, found.index));
      pieces.push(provider.MathJax.tex2svg(found[1] ?? found[2], { display }));
      end = found.index + found[0].length;
    }
    pieces.push(node.data.slice(end));
    node.replaceWith(...pieces);
  }
}

async function begin() {
  try {
    await typesetAll();
  } finally {
    await Reveal.initialize({
      width: 1280, height: 720, margin: 0, center: false, transition: "none", hash: true,
      controls: true, progress: true, slideNumber: "c/t",
    });
    // A picture that was drawn while its slide was away had no width.
    Reveal.on("slidechanged", () => window.dispatchEvent(new Event("resize")));
    window.slidesReady = true;
  }
}
begin();
