#include "alphabet.h"

#include "door.h"

#define ADDRESS UINT64_C(0x000ffffffffff000)

static const char *const verb_names[VERBS] = {
    [DO_PIN] = "pin",
    [DO_UNPIN] = "unpin",
    [DO_UPDATE] = "update",
    [DO_UPDATE_AD] = "update_ad",
    [DO_BASE] = "base",
    [DO_USER_BASE] = "user_base",
    [DO_GDT] = "gdt",
    [DO_LDT] = "ldt",
    [DO_DESCRIPTOR] = "descriptor",
    [DO_GIVE_BACK] = "give_back",
    [DO_ALLOC] = "alloc",
    [DO_HOLD] = "hold",
    [DO_CLEAR] = "clear",
    [DO_COPY] = "copy",
    [DO_WALK] = "walk",
    [DO_MARK] = "mark",
    [DO_UNMARK] = "unmark",
    [DO_FILL] = "fill",
    [DO_GROW] = "grow",
    [GUEST_STORE] = "guest store",
    [CPU_TOUCH] = "touch",
    [CPU_FLUSH] = "switch away and back",
    [CPU_MODE] = "change mode",
    [DESTROY] = "destroy",
    [DOOR_GO] = "door",
    [DOOR_FLUSH] = "door flush",
};

static void mfn_print(FILE *out, mfn_t mfn)
{
    if (is_own(mfn))
        fprintf(out, "f%u", own_index(mfn));
    else if (mfn == MFN_NONE)
        fprintf(out, "none");
    else
        fprintf(out, "mfn:%#llx", (unsigned long long)mfn);
}

void word_print(FILE *out, uint64_t word)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } bits[] = {
        {1, "P"},      {2, "RW"},
        {4, "US"},     {8, "PWT"},
        {0x10, "PCD"}, {0x20, "A"},
        {0x40, "D"},   {0x80, "PS"},
        {0x100, "G"},  {UINT64_C(1) << 63, "NX"},
    };
    uint64_t rest = word & ~ADDRESS;
    uint32_t i;

    if (word == 0) {
        fprintf(out, "0");
        return;
    }
    mfn_print(out, (word & ADDRESS) >> PAGE_SHIFT);
    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        if (word & bits[i].bit) {
            fprintf(out, "|%s", bits[i].name);
            rest &= ~bits[i].bit;
        }
    if (rest)
        fprintf(out, "|%#llx", (unsigned long long)rest);
}

void action_print(FILE *out, const struct action *a)
{
    fprintf(out, "%s", verb_names[a->verb]);
    switch (a->verb) {
    case DO_UPDATE:
    case DO_UPDATE_AD:
    case DO_DESCRIPTOR:
    case GUEST_STORE:
        fprintf(out, " ");
        mfn_print(out, a->mfn);
        fprintf(out, "[%u] = ", a->slot);
        word_print(out, a->value);
        break;
    case DO_PIN:
        fprintf(out, " l%u ", a->count);
        mfn_print(out, a->mfn);
        break;
    case DO_BASE:
    case DO_USER_BASE:
    case DO_GDT:
    case DO_LDT:
        fprintf(out, "%s vcpu%u", a->slot ? " shortly" : "", a->cpu);
        if (a->count > 0) {
            fprintf(out, " ");
            mfn_print(out, a->mfn);
        }
        if (a->count > 1) {
            fprintf(out, " ");
            mfn_print(out, a->other);
        }
        if (a->count > 2)
            fprintf(out, " ... %u frames", a->count);
        break;
    case DO_COPY:
        fprintf(out, " ");
        mfn_print(out, a->mfn);
        fprintf(out, " from ");
        mfn_print(out, a->other);
        break;
    case DO_WALK:
        fprintf(out, " vcpu%u %#llx", a->cpu, (unsigned long long)a->value);
        break;
    case CPU_FLUSH:
    case CPU_MODE:
    case DOOR_FLUSH: fprintf(out, " cpu%u", a->cpu); break;
    case DO_ALLOC:
    case DO_FILL:
    case DO_GROW:
    case DESTROY:
    case DOOR_GO: break;
    default:
        fprintf(out, " ");
        mfn_print(out, a->mfn);
        if (a->verb == CPU_TOUCH)
            fprintf(out, "[%u]", a->slot);
    }
}

static int call_descriptors(struct world *w, const struct action *a)
{
    mfn_t frames[4] = {a->mfn, a->other, a->mfn, a->other};
    struct descriptors d = {.frames = frames,
                            .count = a->count,
                            .vcpu = a->cpu,
                            .ldt = a->verb == DO_LDT};

    return descriptors_load(&w->m, &w->o, &d);
}

static int call_base(struct world *w, const struct action *a)
{
    if (a->slot && door_switch(w, a->cpu, a->mfn))
        return 0;
    return base_load(&w->m, &w->o, a->cpu, a->verb == DO_USER_BASE, a->mfn);
}

int action_call(struct world *w, const struct action *a, mfn_t *mfn)
{
    struct memory *m = &w->m;
    struct owner *o = &w->o;
    struct update u = {.mfn = a->mfn,
                       .slot = a->slot,
                       .value = a->value,
                       .keep_ad = a->verb == DO_UPDATE_AD};

    switch (a->verb) {
    case DO_PIN: return table_pin(m, o, a->mfn, (enum frame_type)a->count);
    case DO_UNPIN: return table_unpin(m, o, a->mfn);
    case DO_UPDATE:
    case DO_UPDATE_AD: return update_word(m, o, &u);
    case DO_BASE:
    case DO_USER_BASE: return call_base(w, a);
    case DO_GDT:
    case DO_LDT: return call_descriptors(w, a);
    case DO_DESCRIPTOR:
        return descriptor_update(m, o, a->mfn, a->slot, a->value);
    case DO_GIVE_BACK: return frame_give_back(m, o, a->mfn);
    case DO_ALLOC: return frame_alloc(m, o, mfn);
    case DO_HOLD: return frame_hold(m, o, a->mfn);
    case DO_CLEAR: return frame_clear(m, o, a->mfn);
    case DO_COPY: return frame_copy(m, o, a->mfn, a->other);
    case DO_MARK: return superpage_mark(m, o, a->mfn);
    case DO_UNMARK: return superpage_unmark(m, o, a->mfn);
    case DO_FILL: return extent_alloc(m, o, mfn);
    case DO_GROW: return extent_assign(m, o) == EXTENT_NONE ? -ENOMEM : 0;
    case DO_WALK:
        *mfn = update_walk(m, o, w->loaded[a->cpu].base, a->value);
        return *mfn == MFN_NONE ? -EINVAL : 0;
    default: return -ENOSYS;
    }
}
