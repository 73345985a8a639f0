#ifndef TALLY_INSPECT_SHOW_H
#define TALLY_INSPECT_SHOW_H

#include "inspect/job.h"

/*
 * show - how each verb begins. false: job->error says why it cannot.
 */

/* show_domains.c */
bool show_list(struct job *job);
bool show_registers(struct job *job);
bool show_domains(struct job *job);
bool show_queue(struct job *job);
bool show_ports(struct job *job);
bool show_grants(struct job *job);
bool show_refusals(struct job *job);
bool show_kill(struct job *job);

/* show_memory.c */
bool show_frames(struct job *job);
bool show_frame(struct job *job);
bool show_walk(struct job *job);
bool show_superpages(struct job *job);
bool show_audit(struct job *job);
bool show_memory(struct job *job);

/* show_machine.c */
bool show_help(struct job *job);
bool show_keys(struct job *job);
bool show_info(struct job *job);
bool show_clocks(struct job *job);
bool show_interrupts(struct job *job);
bool show_stat(struct job *job);
bool show_log(struct job *job);
bool show_level(struct job *job);
bool show_reboot(struct job *job);
bool show_poweroff(struct job *job);

/* show_picture.c */
bool show_picture(struct job *job);

#endif
