"""Running networks over images: decode, preprocess, batch, write results to the store.

Works on one machine; ``evaluation.distributed`` decides which share of the work it gets.
"""
