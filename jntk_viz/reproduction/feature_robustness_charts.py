def charts(table):
    return []
