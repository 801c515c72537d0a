# %% [markdown]
# # 27 · Choosing a strategy
