"""Ranks as bench/retrieval.ts does: argv = folder, number of queries, components. Prints the seconds, writes `ranks` (int32)."""
import sys
import time

import numpy as np

folder, count, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
queries = np.fromfile(f"{folder}/queries", np.float32).reshape(count, dim)
gallery = np.fromfile(f"{folder}/gallery", np.float32).reshape(-1, dim)
positives = np.arange(count) * len(gallery) // count

began = time.perf_counter()
ranks = np.empty(count, np.int32)
for start in range(0, count, 256):  # the same blocks, so that memory stays flat here too
    scores = queries[start : start + 256] @ gallery.T
    best = scores[np.arange(len(scores)), positives[start : start + 256]][:, None]
    above = (scores > best).sum(1)
    tied = (scores == best).sum(1) - 1
    ranks[start : start + 256] = 1 + above + (tied + 1) // 2
print(time.perf_counter() - began)
ranks.tofile(f"{folder}/ranks")
