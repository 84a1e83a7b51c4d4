"""Controls in a real browser, which may be slower than what the server sends it."""

# Two values from the server. Drawing the first takes so long that React lets others run before it
# tells the model of it; then the second comes.
TWO_VALUES = """([first, second]) => new Promise((resolve) => {
  const models = [...Bokeh.documents[0].all_models.values()]
  const slider = models.find(m => m.data?.label == "Depth L")
  const {container} = Bokeh.index.find_one_by_id(slider.id)
  const input = container.querySelector("input[type=range]")
  const from_server = (value) => slider.data.setv({value}, {sync: false})
  const seen = []
  slider.data.change.connect(() => seen.push(slider.data.value))
  input.setAttribute = (name, value) => {
    const until = performance.now() + 20
    while (performance.now() < until);
    Element.prototype.setAttribute.call(input, name, value)
  }
  const drawn = new MutationObserver(() => {
    drawn.disconnect()
    from_server(second)
    setTimeout(() => resolve([slider.data.value, Number(input.value), seen]), 300)
  })
  drawn.observe(container, {subtree: true, attributes: true})
  from_server(first)
})"""


def test_a_control_does_not_answer_the_server_with_an_older_value(watch_page):
    page = watch_page("full_rank?depth=2")
    value, shown, seen = page.evaluate(TWO_VALUES, [3, 4])
    assert seen == [3, 4]  # and no way back
    assert value == shown == 4


def test_a_control_tells_what_its_reader_does(watch_page):
    page = watch_page("full_rank?depth=2")
    slider = page.get_by_role("slider", name="Depth")
    slider.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('depth=3')")
    slider.press("ArrowLeft")
    page.wait_for_function("() => location.search.includes('depth=2')")
