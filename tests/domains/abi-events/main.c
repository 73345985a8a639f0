/*
 * Time, events, the scheduler, multicalls, and the small calls beside them.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/nmi.h>
#include <xen/vcpu.h>

#define GAP           0x40000000u
#define NOT_CANONICAL 0x800000000000u
#define MILLISECOND   1000000u
#define CALL_END      14u /* of do_pend_and_call, behind its syscall */

SNIPPET void do_block(void)
{
    __asm__("movl $29, %eax; movl $1, %edi; xorl %esi, %esi; syscall; ret");
}

SNIPPET void do_spin(void)
{
    __asm__("1: pause; jmp 1b");
}

SNIPPET void do_ud2(void)
{
    __asm__("ud2");
}

/* Make an upcall pending, as a guest does that unmasks a port on its own. */
SNIPPET void do_pend_and_call(void)
{
    __asm__("movb $1, (%rdi); movl $17, %eax; xorl %edi, %edi; xorl %esi, %esi;"
            "syscall; ret");
}

SNIPPET void do_unmask_and_call(void)
{
    __asm__("movb $0, (%rdi); movl $17, %eax; xorl %edi, %edi; xorl %esi, %esi;"
            "syscall; ret");
}

SNIPPET void do_pend_and_ud2(void)
{
    __asm__("movb $1, (%rdi); ud2");
}

SNIPPET void do_version(void)
{
    __asm__("movl $17, %eax; xorl %edi, %edi; xorl %esi, %esi; syscall; ret");
}

/* Unmask, then ask anything: what is pending comes now. */
static const struct outcome *unmasked(snippet_t *code)
{
    return run_unmasked(vcpu_info_get(), code, 0, 0, 0);
}

static long event(unsigned int command, void *argument)
{
    return hypercall(__HYPERVISOR_event_channel_op, command,
                     address_of(argument), 0, 0);
}

static bool is_pending(uint32_t port)
{
    return (shared()->evtchn_pending[port / 64] >> port % 64 & 1) != 0;
}

static void port_clear(uint32_t port)
{
    shared()->evtchn_pending[port / 64] &= ~(1ul << port % 64);
    vcpu_info_get()->evtchn_pending_sel = 0;
    vcpu_info_get()->evtchn_upcall_pending = 0;
}

static void port_mask(uint32_t port, bool on)
{
    if (on)
        shared()->evtchn_mask[port / 64] |= 1ul << port % 64;
    else
        shared()->evtchn_mask[port / 64] &= ~(1ul << port % 64);
}

/* System time in ns, as a guest computes it from its time record. */
static uint64_t now(void)
{
    volatile struct vcpu_time_info *t = &vcpu_info_get()->time;
    uint32_t low, high, version;
    uint64_t delta, ns;

    do {
        version = t->version;
        __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
        delta = ((uint64_t)high << 32 | low) - t->tsc_timestamp;
        if (t->tsc_shift < 0)
            delta >>= -t->tsc_shift;
        else
            delta <<= t->tsc_shift;
        ns = t->system_time +
             (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
    } while (version != t->version || (version & 1) != 0);
    return ns;
}

static long set_timer(uint64_t deadline)
{
    return hypercall(__HYPERVISOR_set_timer_op, deadline, 0, 0, 0);
}

/* ------------------------------------------------------------------ events */

static uint32_t ipi_port(void)
{
    struct evtchn_bind_ipi bind = {.vcpu = 0};

    answers("bind an IPI", event(EVTCHNOP_bind_ipi, &bind), 0);
    check("its port", bind.port > 0);
    return bind.port;
}

static void upcalls(void)
{
    uint32_t port = ipi_port();
    struct evtchn_send send = {.port = port};
    struct evtchn_unmask unmask = {.port = port};
    struct evtchn_status status = {.dom = DOMID_SELF, .port = port};
    const struct outcome *o;
    struct frame f;

    port_mask(port, false);
    port_clear(port);
    answers("send", event(EVTCHNOP_send, &send), 0);
    check("the port is pending", is_pending(port));
    same("so is the vcpu", vcpu_info_get()->evtchn_upcall_pending, 1);
    same("the selector says where",
         vcpu_info_get()->evtchn_pending_sel >> (port / 64) & 1, 1);
    o = unmasked(do_version);
    same("unmasked: the upcall", o->vector, VECTOR_EVENT);
    f = frame_get(o);
    same("its frame has no mask", f.mask, 0);
    same("and IF", f.rflags & RFLAGS_IF, RFLAGS_IF);
    same("its cs is the kernel's", f.cs, SELECTOR_CS64 & ~3u);
    port_clear(port);
    runs("nothing pending, no upcall", unmasked(do_version));
    port_mask(port, true);
    answers("send to a masked port", event(EVTCHNOP_send, &send), 0);
    check("it is pending", is_pending(port));
    same("the vcpu is not", vcpu_info_get()->evtchn_upcall_pending, 0);
    answers("unmask it", event(EVTCHNOP_unmask, &unmask), 0);
    same("now the vcpu is", vcpu_info_get()->evtchn_upcall_pending, 1);
    port_clear(port);
    answers("status", event(EVTCHNOP_status, &status), 0);
    same("an IPI", status.status, EVTCHNSTAT_ipi);
    same("of vcpu 0", status.vcpu, 0);
    answers("send, then to the user", event(EVTCHNOP_send, &send), 0);
    o = run_user(do_spin, 0, 0, 0);
    same("the user never runs", o->vector, VECTOR_EVENT);
    same("its cs", frame_get(o).cs, SELECTOR_CS64);
    port_clear(port);
    vcpu_info_get()->evtchn_upcall_mask = 1;
    answers("close", event(EVTCHNOP_close, &send), 0);
    answers("close again", event(EVTCHNOP_close, &send), -XEN_EINVAL);
    answers("send to it", event(EVTCHNOP_send, &send), -XEN_EINVAL);
}

/*
 * The guest itself makes an upcall pending. No event was sent, so nothing but
 * a look at the byte can tell: on the way out of each call, trap and iret.
 */
static void own_upcalls(void)
{
    volatile struct vcpu_info *info = vcpu_info_get();
    uint64_t pending = address_of((const void *)&info->evtchn_upcall_pending);
    struct iret_context c = {.cs = SELECTOR_CS64 & ~3u,
                             .rip = (uint64_t)do_ud2,
                             .rflags = RFLAGS_IF | RFLAGS_ONE,
                             .rsp = user_stack_top(),
                             .ss = SELECTOR_SS};
    const struct outcome *o;

    o = run_unmasked(info, do_pend_and_call, pending, 0, 0);
    same("pending by hand, a call: the upcall", o->vector, VECTOR_EVENT);
    same("behind the call", frame_get(o).rip,
         (uint64_t)do_pend_and_call + CALL_END);
    same("with its answer", o->rax != 17 && o->rax != 0, 1);
    info->evtchn_upcall_pending = 0;
    o = run_unmasked(info, do_pend_and_ud2, pending, 0, 0);
    same("a trap: the upcall", o->vector, VECTOR_EVENT);
    same("before its handler", frame_get(o).rip, stub_of(VECTOR_UD));
    info->evtchn_upcall_pending = 1;
    o = enter(&c);
    same("an iret that unmasks: the upcall", o->vector, VECTOR_EVENT);
    same("before its target", frame_get(o).rip, c.rip);
    c.rflags = RFLAGS_ONE;
    same("one that does not: none", enter(&c)->vector, VECTOR_UD);
    info->evtchn_upcall_pending = 0;
    o = run_user(do_pend_and_call, pending, 0, 0);
    same("a system call of the user: the upcall", o->vector, VECTOR_EVENT);
    same("before its handler", frame_get(o).rip, stub_of(VECTOR_SYSCALL));
    info->evtchn_upcall_pending = 0;
    info->evtchn_upcall_mask = 0;
    run(do_version, 0, 0, 0);
    same("none pending: the mask stays", info->evtchn_upcall_mask, 0);
    info->evtchn_upcall_mask = 1;
    runs("masked: none", run(do_pend_and_call, pending, 0, 0));
    same("and it stays pending", info->evtchn_upcall_pending, 1);
    o = run(do_unmask_and_call,
            address_of((const void *)&info->evtchn_upcall_mask), 0, 0);
    same("unmasked by hand: the upcall", o->vector, VECTOR_EVENT);
    same("it masks the next", info->evtchn_upcall_mask, 1);
    info->evtchn_upcall_pending = 0;
}

static void bad_events(void)
{
    struct evtchn_send send = {.port = 0};
    struct evtchn_bind_virq virq = {.virq = 99};
    struct evtchn_bind_ipi ipi = {.vcpu = 77};
    struct evtchn_unmask unmask = {.port = 0x7fffffff};
    struct evtchn_status status = {.dom = DOMID_SELF, .port = 0};
    struct evtchn_alloc_unbound unbound = {.dom = DOMID_SELF,
                                           .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain inter = {.remote_dom = 1234};
    uint32_t ports[3];
    unsigned int i;

    answers("send to port 0", event(EVTCHNOP_send, &send), -XEN_EINVAL);
    send.port = 4095;
    answers("send to port 4095", event(EVTCHNOP_send, &send), -XEN_EINVAL);
    send.port = 0xffffffff;
    answers("send to port -1", event(EVTCHNOP_send, &send), -XEN_EINVAL);
    answers("close port -1", event(EVTCHNOP_close, &send), -XEN_EINVAL);
    answers("unmask a port of nobody", event(EVTCHNOP_unmask, &unmask),
            -XEN_EINVAL);
    answers("VIRQ 99", event(EVTCHNOP_bind_virq, &virq), -XEN_EINVAL);
    virq.virq = 0;
    virq.vcpu = 77;
    answers("a VIRQ of vcpu 77", event(EVTCHNOP_bind_virq, &virq), -XEN_ENOENT);
    answers("an IPI of vcpu 77", event(EVTCHNOP_bind_ipi, &ipi), -XEN_ENOENT);
    answers("status of port 0", event(EVTCHNOP_status, &status), 0);
    same("closed", status.status, EVTCHNSTAT_closed);
    status.port = 0xffffffff;
    answers("status of port -1", event(EVTCHNOP_status, &status), -XEN_EINVAL);
    answers("bind to domain 1234", event(EVTCHNOP_bind_interdomain, &inter),
            on_tally() ? -XEN_ENOSYS : -XEN_ESRCH);
    for (i = 0; i < 3; i++) {
        answers("an unbound port", event(EVTCHNOP_alloc_unbound, &unbound), 0);
        ports[i] = unbound.port;
    }
    check("three ports, all others",
          ports[0] != ports[1] && ports[1] != ports[2]);
    status.port = ports[0];
    answers("status", event(EVTCHNOP_status, &status), 0);
    same("unbound", status.status, EVTCHNSTAT_unbound);
    send.port = ports[0];
    answers("send to it is nothing", event(EVTCHNOP_send, &send), 0);
    for (i = 0; i < 3; i++) {
        send.port = ports[i];
        answers("close it", event(EVTCHNOP_close, &send), 0);
    }
    answers("a bad pointer", event(EVTCHNOP_send, (void *)GAP), -XEN_EFAULT);
    answers("one in the kernel's slots",
            event(EVTCHNOP_send, (void *)0xffff82d040200000), -XEN_EFAULT);
    answers("command 99", event(99, &send), -XEN_ENOSYS);
}

/* -------------------------------------------------------------------- time */

static void clocks(void)
{
    uint64_t a = now(), b;
    unsigned int i;

    for (i = 0; i < 100000; i++) {
        b = now();
        if (b < a)
            break;
        a = b;
    }
    same("time never goes back", i, 100000);
    check("and it goes on", a > 0);
}

static void timers(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER, .vcpu = 0};
    uint64_t start;
    const struct outcome *o;
    struct evtchn_close close;

    answers("bind VIRQ_TIMER", event(EVTCHNOP_bind_virq, &bind), 0);
    answers("bind it twice",
            event(EVTCHNOP_bind_virq,
                  &(struct evtchn_bind_virq){.virq = VIRQ_TIMER}),
            -XEN_EEXIST);
    port_mask(bind.port, false);
    /* Tally has none, and says so. */
    answers(
        "no periodic timer",
        hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0, 0),
        on_tally() ? -XEN_ENOSYS : 0);
    port_clear(bind.port);
    start = now();
    answers("a timer in 20 ms", set_timer(start + 20 * MILLISECOND), 0);
    o = unmasked(do_block);
    same("block until it fires: the upcall", o->vector, VECTOR_EVENT);
    check("not too early", now() - start >= 20 * MILLISECOND);
    check("not too late", now() - start < 500 * MILLISECOND);
    check("its port is pending", is_pending(bind.port));
    port_clear(bind.port);
    start = now();
    answers("a timer in 20 ms", set_timer(start + 20 * MILLISECOND), 0);
    o = unmasked(do_spin);
    same("it interrupts the kernel", o->vector, VECTOR_EVENT);
    same("its rip", frame_get(o).rip - (uint64_t)do_spin <= 4, 1);
    port_clear(bind.port);
    start = now();
    answers("a timer in 20 ms", set_timer(start + 20 * MILLISECOND), 0);
    o = run_user(do_spin, 0, 0, 0);
    same("it interrupts the user", o->vector, VECTOR_EVENT);
    same("its cs", frame_get(o).cs, SELECTOR_CS64);
    same("on the kernel's stack", o->rsp, kernel_stack_top() - 56);
    port_clear(bind.port);
    answers("a timer in the past", set_timer(1), 0);
    o = unmasked(do_block);
    same("fires at once", o->vector, VECTOR_EVENT);
    port_clear(bind.port);
    vcpu_info_get()->evtchn_upcall_mask = 1;
    answers("a timer far away", set_timer(~0ul >> 1), 0);
    answers("and none", set_timer(0), 0);
    check("nothing has fired", !is_pending(bind.port));
    close.port = bind.port;
    answers("close the port", event(EVTCHNOP_close, &close), 0);
}

static void polling(void)
{
    evtchn_port_t ports[1];
    struct sched_poll poll = {.nr_ports = 1, .timeout = 0};
    uint64_t start = now();

    ports[0] = ipi_port();
    poll.ports.p = ports;
    poll.timeout = start + 10 * MILLISECOND;
    answers(
        "poll with a timeout",
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address_of(&poll), 0, 0),
        0);
    check("it waited", now() - start >= 10 * MILLISECOND);
    port_mask(ports[0], true);
    event(EVTCHNOP_send, &(struct evtchn_send){.port = ports[0]});
    poll.timeout = 0;
    answers(
        "poll a port that is pending",
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address_of(&poll), 0, 0),
        0);
    poll.nr_ports = 129;
    answers(
        "129 ports",
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address_of(&poll), 0, 0),
        -XEN_EINVAL);
    poll.nr_ports = 1;
    poll.ports.p = (void *)GAP;
    answers(
        "ports in a gap",
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address_of(&poll), 0, 0),
        -XEN_EFAULT);
    port_clear(ports[0]);
    event(EVTCHNOP_close, &(struct evtchn_close){.port = ports[0]});
    answers("yield", hypercall_yield(), 0);
    answers("sched_op 99", hypercall(__HYPERVISOR_sched_op, 99, 0, 0, 0),
            -XEN_ENOSYS);
    answers("shutdown with a bad pointer",
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, GAP, 0, 0),
            -XEN_EFAULT);
}

/* -------------------------------------------------------------- multicalls */

static void multicalls(void)
{
    struct multicall_entry list[4] = {
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
        {.op = 63},
        {.op = __HYPERVISOR_xen_version, .args = {99}},
        {.op = __HYPERVISOR_fpu_taskswitch, .args = {0}},
    };
    struct multicall_entry inner[1] = {
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
    };
    unsigned int i;

    for (i = 0; i < 4; i++)
        list[i].result = 0x55;
    answers("a list of four", hypercall_multicall(list, 4), 0);
    check("a version", (long)list[0].result >= 4 << 16);
    answers("no such call", (long)list[1].result, -XEN_ENOSYS);
    answers("no such sub-call", (long)list[2].result, -XEN_ENOSYS);
    answers("the last one", (long)list[3].result, 0);
    answers("an empty list", hypercall_multicall(list, 0), 0);
    answers("a list in a gap", hypercall_multicall((void *)GAP, 1),
            -XEN_EFAULT);
    answers("a list in the kernel's slots",
            hypercall_multicall((void *)HYPERVISOR_VIRT_START, 1), -XEN_EFAULT);
    answers("2^31 calls", hypercall_multicall((void *)GAP, 0x80000000u),
            -XEN_EFAULT);
    inner[0].result = 0x55;
    list[0] = (struct multicall_entry){
        .op = __HYPERVISOR_multicall,
        .args = {address_of(inner), 1},
    };
    answers("a multicall in a multicall", hypercall_multicall(list, 1), 0);
    say("# inner: outer result %ld, inner result 0x%lx\n", (long)list[0].result,
        inner[0].result);
    list[0] = (struct multicall_entry){.op = ~0ul};
    list[1] =
        (struct multicall_entry){.op = 1ul << 32 | __HYPERVISOR_xen_version};
    answers("huge numbers", hypercall_multicall(list, 2), 0);
    answers("-1", (long)list[0].result, -XEN_ENOSYS);
    answers("2^32 + 17", (long)list[1].result, -XEN_ENOSYS);
}

/* ------------------------------------------------------------- small calls */

static void versions(void)
{
    static struct {
        unsigned int command;
        long answer;
        const char *name;
    } cases[] = {
        {XENVER_extraversion, 0, "extraversion"},
        {XENVER_compile_info, 0, "compile_info"},
        {XENVER_capabilities, 0, "capabilities"},
        {XENVER_changeset, 0, "changeset"},
        {XENVER_platform_parameters, 0, "platform_parameters"},
        {XENVER_get_features, 0, "get_features"},
        {XENVER_guest_handle, 0, "guest_handle"},
        {XENVER_commandline, 0, "commandline"},
        {11, -XEN_ENOSYS, "11"},
        {99, -XEN_ENOSYS, "99"},
        {~0u, -XEN_ENOSYS, "-1"},
    };
    static char space[4096];
    struct xen_feature_info features = {.submap_idx = 0};
    unsigned int i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(space, 0, sizeof(space));
        answers(cases[i].name, hypercall_version(cases[i].command, space),
                cases[i].answer);
    }
    answers("pagesize", hypercall_version(XENVER_pagesize, NULL), 4096);
    answers("extraversion to a gap",
            hypercall_version(XENVER_extraversion, (void *)GAP), -XEN_EFAULT);
    answers(
        "extraversion to the kernel's slots",
        hypercall_version(XENVER_extraversion, (void *)HYPERVISOR_VIRT_START),
        -XEN_EFAULT);
    answers("features", hypercall_version(XENVER_get_features, &features), 0);
    same("PRESERVE_AD",
         features.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1, 1);
    same("no writable tables",
         features.submap & (1u << XENFEAT_writable_page_tables |
                            1u << XENFEAT_auto_translated_physmap |
                            1u << XENFEAT_supervisor_mode_kernel),
         0);
    features.submap_idx = 7;
    either("submap 7", hypercall_version(XENVER_get_features, &features),
           -XEN_EINVAL, 0);
}

static long assist(unsigned int command, unsigned int type)
{
    return hypercall(__HYPERVISOR_vm_assist, command, type, 0, 0);
}

static void assists(void)
{
    long writable = on_tally() ? -XEN_EINVAL : 0; /* it has no such tables */

    answers("4gb_segments", assist(VMASST_CMD_enable, 0), 0);
    answers("writable_pagetables", assist(VMASST_CMD_enable, 2), writable);
    answers("disable it", assist(VMASST_CMD_disable, 2), writable);
    answers("pae_extended_cr3", assist(VMASST_CMD_enable, 3), 0);
    answers("type 31", assist(VMASST_CMD_enable, 31), -XEN_EINVAL);
    answers("type 64", assist(VMASST_CMD_enable, 64), -XEN_EINVAL);
    answers("type -1", assist(VMASST_CMD_enable, ~0u), -XEN_EINVAL);
    answers("command 2", assist(2, 3), -XEN_ENOSYS);
}

static void vcpus(void)
{
    struct vcpu_runstate_info state;
    struct vcpu_register_runstate_memory_area area = {.addr.v = &state};

    answers("vcpu 0 is up",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 0, 0, 0), 1);
    answers("vcpu 77", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 77, 0, 0),
            -XEN_ENOENT);
    answers("vcpu 2^31",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1u << 31, 0, 0),
            -XEN_ENOENT);
    answers("register a runstate area",
            hypercall(__HYPERVISOR_vcpu_op,
                      VCPUOP_register_runstate_memory_area, 0,
                      address_of(&area), 0),
            0);
    answers("get the runstate",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0,
                      address_of(&state), 0),
            0);
    same("running", (uint64_t)state.state, RUNSTATE_running);
    answers("command 99", hypercall(__HYPERVISOR_vcpu_op, 99, 0, 0, 0),
            -XEN_ENOSYS);
}

/* Everything that was in shared_info moves to a place of our own. */
static void vcpu_info_moves(void)
{
    struct vcpu_info *place = page_alloc();
    struct vcpu_register_vcpu_info move = {.mfn = frame_of(place),
                                           .offset = 64};

    move.offset = 4090;
    answers("vcpu_info over the end of a page",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                      address_of(&move), 0),
            -XEN_ENXIO);
    move.offset = 63;
    answers("vcpu_info not aligned",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                      address_of(&move), 0),
            -XEN_ENXIO);
    move.offset = 64;
    move.mfn = 0;
    answers("vcpu_info in frame 0",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                      address_of(&move), 0),
            -XEN_EINVAL);
    move.mfn = frame_of(base_table());
    answers("vcpu_info in a table",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                      address_of(&move), 0),
            -XEN_EINVAL);
    move.mfn = frame_of(place);
    vcpu_info_get()->arch.cr2 = 0x1357;
    answers("vcpu_info of our own",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                      address_of(&move), 0),
            0);
    place = (struct vcpu_info *)((char *)place + 64);
    same("is a copy", place->arch.cr2, 0x1357);
    same("with an upcall pending", place->evtchn_upcall_pending, 1);
    same("from everywhere", place->evtchn_pending_sel, ~0ul);
    check("with a clock", place->time.tsc_to_system_mul != 0);
    same("its mask counts", run_unmasked(place, do_version, 0, 0, 0)->vector,
         VECTOR_EVENT);
    answers("a second time",
            hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                      address_of(&move), 0),
            -XEN_EINVAL);
    answers("its page cannot become a table",
            page_protect((void *)address_of(place)) == 0
                ? table_pin((void *)(address_of(place) & ~0xffful), 1)
                : -XEN_EINVAL,
            -XEN_EINVAL);
    page_release((void *)(address_of(place) & ~0xffful));
}

static void grants(void)
{
    struct gnttab_set_version version = {.version = 1};
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};
    xen_pfn_t frames[1] = {0};
    uint64_t *page = page_alloc();

    answers("grant table version 1",
            hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_set_version,
                      address_of(&version), 1, 0),
            0);
    answers("query_size",
            hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size,
                      address_of(&size), 1, 0),
            0);
    answers("its status", size.status, GNTST_okay);
    check("some frames", size.max_nr_frames >= 1);
    setup.frame_list.p = frames;
    answers("setup_table",
            hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
                      address_of(&setup), 1, 0),
            0);
    answers("its status", setup.status, GNTST_okay);
    check("a frame", frames[0] != 0);
    answers("map it", page_map(address_of(page), frames[0], MAP_WRITE), 0);
    page[100] = 0;
    answers("unmap it",
            page_map(address_of(page), mfn_of(page_number(page)), MAP_WRITE),
            0);
    setup.nr_frames = 100000;
    answers("100000 frames",
            hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
                      address_of(&setup), 1, 0),
            0);
    check("a bad status", setup.status != GNTST_okay);
    answers(
        "a bad pointer",
        hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, GAP, 1, 0),
        -XEN_EFAULT);
    answers("command 99", hypercall(__HYPERVISOR_grant_table_op, 99, 0, 0, 0),
            -XEN_ENOSYS);
}

static void callbacks(void)
{
    struct callback_register c = {.type = 99, .address = stub_of(0)};
    struct callback_unregister u = {.type = CALLBACKTYPE_event};

    answers("callback type 99", hypercall_callback(&c), -XEN_ENOSYS);
    c.type = CALLBACKTYPE_event;
    c.address = NOT_CANONICAL;
    answers("a callback not canonical", hypercall_callback(&c), -XEN_EINVAL);
    answers("a bad pointer", hypercall_callback((void *)GAP), -XEN_EFAULT);
    answers("unregister the event callback",
            hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister,
                      address_of(&u), 0, 0),
            -XEN_EINVAL);
    answers("command 9", hypercall(__HYPERVISOR_callback_op, 9, 0, 0, 0),
            -XEN_ENOSYS);
    c.type = CALLBACKTYPE_sysenter;
    c.address = stub_of(VECTOR_SYSENTER);
    answers("sysenter", hypercall_callback(&c), 0);
    c.type = CALLBACKTYPE_syscall32;
    c.address = stub_of(VECTOR_SYSCALL32);
    answers("syscall32", hypercall_callback(&c), 0);
    answers("set_callbacks",
            hypercall(__HYPERVISOR_set_callbacks, stub_of(VECTOR_EVENT),
                      stub_of(VECTOR_FAILSAFE), stub_of(VECTOR_SYSCALL), 0),
            0);
    answers("trap table in a gap", hypercall_trap_table((void *)GAP),
            -XEN_EFAULT);
    answers("a gate not canonical", gate_register(0x77, 3, NOT_CANONICAL),
            -XEN_EINVAL);
    answers("stack_switch",
            hypercall_stack_switch(SELECTOR_SS, kernel_stack_top()), 0);
}

void domain_main(const start_info_t *info)
{
    probe_setup(info);
    callbacks();
    upcalls();
    own_upcalls();
    bad_events();
    clocks();
    timers();
    polling();
    multicalls();
    versions();
    assists();
    vcpus();
    grants();
    vcpu_info_moves();
    tests_end();
}
