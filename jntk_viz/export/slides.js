// Formulas, then reveal.js. `slidesReady` tells that all are set.
async function begin() {
  try {
    await typesetAll(document.querySelector(".slides"));
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
