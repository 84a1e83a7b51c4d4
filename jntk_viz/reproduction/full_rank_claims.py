PAIR = "pair"
def claims(table): return []
