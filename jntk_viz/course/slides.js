// Slides of a lesson: formulas are set, then reveal.js begins; pictures come with their slide.
async function main() {
  activate(document)
  await formulas(document.querySelector(".slides"))
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, transition: "none", hash: true,
    controls: true, progress: true, slideNumber: "c/t",
  })
  window.slidesReady = true
}
main().catch(failed)
