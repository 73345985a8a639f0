/*
 * Each hypercall on the longest ways that we know of, to see how long it keeps
 * interrupts off; also as each part of a multicall.
 */
#include "bench/rows.h"

#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>

#include "bench/longest.h"
#include "bench/measure.h"
#include "bench/pages.h"
#include "lib/domain.h"

#define GATES      512u /* in a list of set_trap_table, at most */
#define GDT_FRAMES 14u
#define LDT_FRAMES 16u
#define PORTS      64u
#define POLL_PORTS 128u
#define TEXT_BYTES 2048u
#define SOON_NS    1000u

static struct trap_info gates[GATES];
static char text[TEXT_BYTES];

/* Numbers and addresses, and little else. */
static void plain_calls(void)
{
    static struct physdev_set_iopl iopl = {.iopl = 1};
    unsigned int i;

    longest_many("xen_version/commandline", __HYPERVISOR_xen_version,
                 XENVER_commandline, address_of(text), 0);
    longest_many("xen_version/compile_info", __HYPERVISOR_xen_version,
                 XENVER_compile_info, address_of(text), 0);
    longest_many("stack_switch/stack", __HYPERVISOR_stack_switch, 0xe02b,
                 address_of(text), 0);
    longest_many("fpu_taskswitch/clear", __HYPERVISOR_fpu_taskswitch, 0, 0, 0);
    for (i = 0; i < 4; i++)
        longest_many("set_debugreg/address", __HYPERVISOR_set_debugreg, i,
                     address_of(text), 0);
    longest_many("set_debugreg/control", __HYPERVISOR_set_debugreg, 7, 0, 0);
    longest_many("get_debugreg/control", __HYPERVISOR_get_debugreg, 7, 0, 0);
    longest_many("vm_assist/enable", __HYPERVISOR_vm_assist, VMASST_CMD_enable,
                 VMASST_TYPE_4gb_segments, 0);
    longest_many("set_segment_base/fs", __HYPERVISOR_set_segment_base,
                 SEGBASE_FS, 0, 0);
    longest_many("set_segment_base/gs_user_sel", __HYPERVISOR_set_segment_base,
                 SEGBASE_GS_USER_SEL, 0, 0);
    longest_many("physdev_op/set_iopl", __HYPERVISOR_physdev_op,
                 PHYSDEVOP_set_iopl, address_of(&iopl), 0);
    longest_many("set_timer_op/far", __HYPERVISOR_set_timer_op, UINT64_MAX / 4,
                 0, 0);
    longest_many("tally_op/flushes", __HYPERVISOR_arch_7, 0, 0, 0);
    longest_many("absent/40", __HYPERVISOR_hypfs_op, 0, 0, 0);
    longest_many("platform_op/any", __HYPERVISOR_platform_op, 0, 0, 0);
}

/* As many gates as there may be; each is set, and the list has no end. */
static void trap_calls(void)
{
    static struct callback_register callback = {.type = CALLBACKTYPE_sysenter};
    unsigned int i;

    for (i = 0; i < GATES; i++)
        gates[i] = (struct trap_info){.vector = 200, .address = 0x1000};
    callback.address = 0x1000;
    longest_call("set_trap_table/512_gates", __HYPERVISOR_set_trap_table,
                 address_of(gates), 0, 0);
    longest_many("set_trap_table/512_gates", __HYPERVISOR_set_trap_table,
                 address_of(gates), 0, 0);
    longest_many("set_callbacks/none", __HYPERVISOR_set_callbacks, 0, 0, 0);
    longest_many("callback_op/register", __HYPERVISOR_callback_op,
                 CALLBACKOP_register, address_of(&callback), 0);
}

/* All frames of a descriptor table, full, and none. */
static void descriptor_calls(void)
{
    static mfn_t frames[GDT_FRAMES];
    char *first = NULL;
    unsigned int i, j;

    for (i = 0; i < LDT_FRAMES; i++) {
        uint64_t *page = page_alloc();

        for (j = 0; j < TABLE_ENTRIES; j++)
            page[j] = 0x00cff3000000ffffu;
        if (i == 0)
            first = (char *)page;
        if (i < GDT_FRAMES)
            frames[i] = frame_of(page);
        want("protect", page_protect(page));
    }
    for (i = 0; i < 2; i++) {
        longest_want("set_gdt/14_frames", __HYPERVISOR_set_gdt,
                     address_of(frames), GDT_FRAMES * TABLE_ENTRIES, 0);
        longest_want("update_descriptor/loaded", __HYPERVISOR_update_descriptor,
                     frames[0] << PAGE_SHIFT, 0x00cff3000000ffffu, 0);
        longest_want("set_gdt/none", __HYPERVISOR_set_gdt, 0, 0, 0);
    }
    longest_many("set_gdt/14_frames", __HYPERVISOR_set_gdt, address_of(frames),
                 GDT_FRAMES * TABLE_ENTRIES, 0);
    longest_many("update_descriptor/loaded", __HYPERVISOR_update_descriptor,
                 frames[0] << PAGE_SHIFT, 0x00cff3000000ffffu, 0);
    longest_want("set_gdt/none", __HYPERVISOR_set_gdt, 0, 0, 0);
    for (i = 0; i < 2; i++) {
        struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};

        op.arg1.linear_addr = address_of(first);
        op.arg2.nr_ents = LDT_FRAMES * TABLE_ENTRIES;
        longest_many("mmuext_op/set_ldt_16_frames", __HYPERVISOR_mmuext_op,
                     address_of(&op), 1, 0);
        op.arg2.nr_ents = 0;
        longest_want("mmuext_op/set_ldt_none", __HYPERVISOR_mmuext_op,
                     address_of(&op), 1, 0);
    }
}

/* Each byte of text begins another line, or the same one again. */
static void console_calls(void)
{
    unsigned int i;

    for (i = 0; i < TEXT_BYTES; i++)
        text[i] = 'x';
    longest_want("console_io/write_2048", __HYPERVISOR_console_io,
                 CONSOLEIO_write, TEXT_BYTES, address_of(text));
    say("\n");
    for (i = 0; i < TEXT_BYTES; i++)
        text[i] = i % 2 ? 'x' : '\r';
    longest_want("console_io/write_returns", __HYPERVISOR_console_io,
                 CONSOLEIO_write, TEXT_BYTES, address_of(text));
    say("\n");
    longest_many("console_io/write_2", __HYPERVISOR_console_io, CONSOLEIO_write,
                 2, address_of(text));
    say("\n");
    for (i = 0; i < TEXT_BYTES; i++)
        text[i] = '\n';
    longest_want("console_io/write_lines", __HYPERVISOR_console_io,
                 CONSOLEIO_write, TEXT_BYTES / 4, address_of(text));
    longest_many("console_io/read", __HYPERVISOR_console_io, CONSOLEIO_read,
                 TEXT_BYTES, address_of(text));
}

static void event_calls(void)
{
    static evtchn_port_t ports[POLL_PORTS];
    static struct evtchn_alloc_unbound unbound = {.dom = DOMID_SELF,
                                                  .remote_dom = DOMID_SELF};
    static struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    static struct evtchn_bind_ipi ipi;
    static struct evtchn_status status = {.dom = DOMID_SELF};
    static struct sched_poll poll;
    static evtchn_port_t close;

    longest_many("event_channel_op/bind_virq", __HYPERVISOR_event_channel_op,
                 EVTCHNOP_bind_virq, address_of(&virq), 0);
    want("ipi", longest_call("event_channel_op/bind_ipi",
                             __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
                             address_of(&ipi), 0));
    longest_many("event_channel_op/alloc_unbound",
                 __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                 address_of(&unbound), 0);
    longest_many("event_channel_op/send_ipi", __HYPERVISOR_event_channel_op,
                 EVTCHNOP_send, address_of(&ipi.port), 0);
    longest_many("event_channel_op/unmask", __HYPERVISOR_event_channel_op,
                 EVTCHNOP_unmask, address_of(&ipi.port), 0);
    status.port = ipi.port;
    longest_many("event_channel_op/status", __HYPERVISOR_event_channel_op,
                 EVTCHNOP_status, address_of(&status), 0);
    close = PORTS - 1;
    longest_many("event_channel_op/close", __HYPERVISOR_event_channel_op,
                 EVTCHNOP_close, address_of(&close), 0);
    poll.ports.p = ports;
    poll.nr_ports = POLL_PORTS;
    poll.timeout = 1;
    longest_many("sched_op/poll_128_ports", __HYPERVISOR_sched_op, SCHEDOP_poll,
                 address_of(&poll), 0);
    longest_many("sched_op/yield", __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
    longest_many("sched_op_compat/yield", __HYPERVISOR_sched_op_compat,
                 SCHEDOP_yield, 0, 0);
    longest_want("sched_op/block", __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0);
}

static void vcpu_calls(void)
{
    static struct vcpu_runstate_info info;
    static struct vcpu_register_runstate_memory_area area;
    static struct vcpu_register_vcpu_info place;

    area.addr.p = address_of(&info);
    place.mfn = frame_of(page_alloc());
    longest_many("vcpu_op/get_runstate", __HYPERVISOR_vcpu_op,
                 VCPUOP_get_runstate_info, 0, address_of(&info));
    longest_many("vcpu_op/register_runstate", __HYPERVISOR_vcpu_op,
                 VCPUOP_register_runstate_memory_area, 0, address_of(&area));
    longest_many("vcpu_op/register_info", __HYPERVISOR_vcpu_op,
                 VCPUOP_register_vcpu_info, 0, address_of(&place));
}

static void grant_calls(void)
{
    static uint64_t frames[GDT_FRAMES];
    static struct gnttab_setup_table setup = {.dom = DOMID_SELF,
                                              .nr_frames = 4};
    static struct gnttab_query_size size = {.dom = DOMID_SELF};
    static struct gnttab_set_version version = {.version = 1};

    setup.frame_list.p = frames;
    longest_many("grant_table_op/setup", __HYPERVISOR_grant_table_op,
                 GNTTABOP_setup_table, address_of(&setup), 1);
    longest_many("grant_table_op/query_size", __HYPERVISOR_grant_table_op,
                 GNTTABOP_query_size, address_of(&size), 1);
    longest_many("grant_table_op/set_version", __HYPERVISOR_grant_table_op,
                 GNTTABOP_set_version, address_of(&version), 1);
}

void rows_latency(void)
{
    longest_setup();
    rows_entry();
    plain_calls();
    trap_calls();
    descriptor_calls();
    console_calls();
    rows_latency_memory();
    grant_calls();
    event_calls();
    vcpu_calls();
}
