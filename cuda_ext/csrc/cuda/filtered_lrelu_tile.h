// A whole block of filtered_lrelu, for a GPU and for the host.
//
// `each(work)` calls work(thread index) for every thread of the block and then waits for all of
// them: on a GPU one call and a barrier, on the host a loop. So the order of phases and barriers
// is the same text in both.
#pragma once

#include "filtered_lrelu_down.h"
#include "filtered_lrelu_up.h"

namespace loupe {

template <class G, class Each>
LOUPE_DEVICE void run_block(const Params<G>& p, Shared<G>& s, int block, Each each) {
    const Tile<G> tile(p, block);
    const int total = G::lead + ceil_div(tile.num_rows, G::rows) * G::groups;
    int done = 0, count = G::lead > 0 ? (G::lead < G::groups ? G::lead : G::groups) : G::groups;
    each([&](int tid) { load_rows(p, tile, s, tid, 0, G::in_taps_y - 1 + count); });
    while (true) {
        each([&](int tid) { up_rows(p, tile, s, tid, done, count); });
        done += count;
        const bool emits = done > G::lead;
        const int step = (done - G::lead) / G::groups - 1;
        const int left = G::lead - done;
        count = left > 0 && left < G::groups ? left : G::groups;
        const bool more = done < total;
        // The next rows go where no group reads any more, so both happen between two barriers.
        each([&](int tid) {
            if (emits) down_rows(p, tile, s, tid, step);
            if (more) load_rows(p, tile, s, tid, done + G::in_taps_y - 1, count);
        });
        if (!more) break;
    }
}

}  // namespace loupe
