; entry - every way into the kernel, and the one way back to ring 3.
;
; All this is in one part of the image, beside the data that it needs before
; the stack is the kernel's: a table that maps little else can be made later.
; The kernel does not use GS, and never executes swapgs here.

%include "x86/layout.inc"

extern fault_entry
extern fault_iret
extern hypercall_exit
extern hypercall_iret
extern interrupt_entry
extern trap_kernel
extern trap_ring3

global cpu_calls
global cpu_guest_rsp
global cpu_stack_top
global cpu_vcpu
global cpu_verw
global guest_iret
global guest_return
global iret_entry
global syscall32_entry
global syscall_entry
global trap_stubs

; Vectors that push an error code: 8, 10 to 14, 17, 21, 29, 30.
ERROR_CODES         equ 0x60227d00
; Vectors with a stack of their own: #DB, NMI, #DF, #MC.
IST_VECTORS         equ 0x00040106

; Push the general registers as struct regs has them.
%macro REGS_PUSH 0
    push rax
    push r9
    push r8
    push r10
    push rdx
    push rsi
    push rdi
    push rcx
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
%endmacro

; Take back those that C preserves; those of a call, and its answer.
%macro REGS_POP_SAVED 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
%endmacro

%macro REGS_POP_ARGUMENTS 0
    pop rdi
    pop rsi
    pop rdx
    pop r10
    pop r8
    pop r9
    pop rax
%endmacro

; Take all back; rsp is then at the error code.
%macro REGS_POP 0
    REGS_POP_SAVED
    pop r11
    pop rcx
    REGS_POP_ARGUMENTS
%endmacro

; Nothing of ring 3 is left for speculation, and no frame pointer.
%macro REGS_CLEAR 0
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor ebp, ebp
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    xor r11d, r11d
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
%endmacro

; What the CPU does not do on its own at an interrupt gate.
%macro FLAGS_CLEAR 0
    cld
    USER_CLOSE
%endmacro

section .entry.text progbits alloc exec nowrite align=4096

; syscall_entry - `syscall` in 64-bit code. rcx: rip, r11: rflags, rsp: the
; guest's. SFMASK has cleared IF, TF, DF, AC, NT.
;
; The way of every hypercall: it saves what C may change, and nothing else.
; rbx, rbp and r12 to r15 stay where they are; C gives them back. What a plain
; answer needs is done here, everything else when struct regs is complete, at
; syscall_slow. The stack: struct regs, and 8 bytes for the alignment.
ARGUMENTS   equ 8 + REGS_RDI
align 64
syscall_entry:
    mov [rel cpu_guest_rsp], rsp
    mov rsp, [rel cpu_stack_top]
    push qword SELECTOR_GUEST_SS
    push qword [rel cpu_guest_rsp]
    push r11
    push qword SELECTOR_GUEST_CS
    push rcx
    push qword TRAP_SYSCALL         ; and an error code that nobody reads
    push rax
    push r9
    push r8
    push r10
    push rdx
    push rsi
    push rdi
    sub rsp, ARGUMENTS              ; rcx, r11 and C's registers: not saved
    mov rdi, [rel cpu_vcpu]
    cmp rax, HYPERCALLS             ; a number beyond the table is refused,
    jae .absent
    sbb rcx, rcx                    ; and not even read by a CPU that runs
    and rax, rcx                    ; ahead of the comparison
    lea rsi, [rsp + ARGUMENTS]
    mov rcx, [rel cpu_calls]        ; the guest kernel's, or its user's
    call [rcx + 8 * rax]
.answer:
    mov [rsp + 8 + REGS_RAX], rax
    mov rdi, [rel cpu_vcpu]
    inc qword [rdi + VCPU_CALLS]
    mov rcx, [rdi + VCPU_INFO]      ; an upcall is pending: the guest may have
    movzx ecx, byte [rcx]           ; made it so itself
    or ecx, [rdi + VCPU_ATTENTION]
    jnz syscall_slow
    mov rcx, [rsp + 8 + REGS_RIP]
    mov r11, [rsp + 8 + REGS_RFLAGS]
    mov rdx, rcx                    ; SYSRET would fault in ring 0 if bits
    shl rdx, 16                     ; 63 to 47 are not all the same
    sar rdx, 16
    cmp rdx, rcx
    jne syscall_slow
    test r11d, RFLAGS_TF | RFLAGS_RF
    jnz syscall_slow
    add rsp, ARGUMENTS
    REGS_POP_ARGUMENTS
    mov rsp, [rsp + REGS_RSP - REGS_ERROR]
    o64 sysret
.absent:                            ; the last line of either table is for
    lea rsi, [rsp + ARGUMENTS]      ; all numbers beyond it
    mov rcx, [rel cpu_calls]
    call [rcx + 8 * (HYPERCALLS - 1)]
    jmp .answer

; syscall_slow - something is to be done first, or the return is another one.
; rsp: 8 below struct regs; the registers that C preserves are the guest's.
align 16
syscall_slow:
    mov [rsp + 8 + REGS_RBX], rbx
    mov [rsp + 8 + REGS_RBP], rbp
    mov [rsp + 8 + REGS_R12], r12
    mov [rsp + 8 + REGS_R13], r13
    mov [rsp + 8 + REGS_R14], r14
    mov [rsp + 8 + REGS_R15], r15
    mov rdi, [rel cpu_vcpu]
    call hypercall_exit
    add rsp, 8
    jmp guest_return

; iret_entry - what the table of hypercalls has for iret: other registers are
; loaded, and the return is by IRETQ. All general registers are where they
; belong but for those from r11 on in struct regs.
align 16
iret_entry:
    sub rsp, 8
    call hypercall_iret
    mov rdi, [rel cpu_vcpu]
    mov rcx, [rdi + VCPU_INFO]      ; as above: it may have unmasked as well
    movzx ecx, byte [rcx]
    or ecx, [rdi + VCPU_ATTENTION]
    jnz .answer
    inc qword [rdi + VCPU_CALLS]
    add rsp, 3 * 8 + REGS_R11
    pop r11
    pop rcx
    REGS_POP_ARGUMENTS
    add rsp, 8
    jmp guest_iret
.answer:
    add rsp, 8
    ret

; syscall32_entry - `syscall` in 32-bit code (AMD): not offered, so it is an
; undefined instruction, two bytes before rcx.
align 16
syscall32_entry:
    mov [rel cpu_guest_rsp], rsp
    mov rsp, [rel cpu_stack_top]
    push qword SELECTOR_GUEST_SS
    push qword [rel cpu_guest_rsp]
    push r11
    push qword SELECTOR_GUEST_CS32
    sub ecx, 2
    push rcx
    push qword 0
    mov dword [rsp + 4], 6          ; #UD
    REGS_PUSH
    REGS_CLEAR
    mov rdi, rsp
    sub rsp, 8
    call fault_entry
    add rsp, 8
    jmp guest_return

; trap_stubs - 256 entries of the IDT, 16 bytes each. Each makes the error
; code's slot hold error code and vector.
align 16
trap_stubs:
%assign vector 0
%rep 256
align 16
%if vector < 32 && ((ERROR_CODES >> vector) & 1)
    mov dword [rsp + 4], vector
%else
    push byte 0
    mov dword [rsp + 4], vector
%endif
%if vector >= 32
    jmp interrupt_common
%elif (IST_VECTORS >> vector) & 1
    jmp ist_common
%else
    jmp exception_common
%endif
%assign vector vector + 1
%endrep

; JUMP_IF_KERNEL - were these the kernel's own registers? Long mode has no
; virtual-8086 mode, but some emulators let IRET in ring 3 enter it: then the
; saved cs is any number, and it was ring 3 all the same.
%macro JUMP_IF_KERNEL 1
    test byte [rsp + REGS_CS], 3
    jnz %%ring3
    test dword [rsp + REGS_RFLAGS], RFLAGS_VM
    jz %1
%%ring3:
%endmacro

; exception_common - exceptions on the vcpu's stack, or in the kernel.
; Stack: struct regs without general registers.
align 16
exception_common:
    REGS_PUSH
    FLAGS_CLEAR
    JUMP_IF_KERNEL exception_kernel
    REGS_CLEAR
    mov rdi, rsp
    sub rsp, 8
    call fault_entry
    add rsp, 8
    cmp dword [rsp + REGS_VECTOR], TRAP_SYSCALL
    je guest_sysret                 ; a handler was entered
    jmp guest_return

; What came on a stack of its own: perhaps no fault of the guest's.
exception_ring3:
    REGS_CLEAR
    mov rdi, rsp
    sub rsp, 8
    call trap_ring3
    add rsp, 8
    jmp guest_return

; The kernel's own: trap_kernel says with which registers to go on. Other
; ones than ours are a vcpu's whose IRETQ failed.
exception_kernel:
    REGS_CLEAR
    mov rdi, rsp
    sub rsp, 8
    call trap_kernel
    add rsp, 8
    cmp rax, rsp
    je kernel_return
    mov rsp, rax
    mov rdi, rsp
    sub rsp, 8
    call fault_iret
    add rsp, 8
    jmp guest_return

; ist_common - #DB, NMI, #DF, #MC: on their own stacks. From ring 3 the
; frame moves to the vcpu's stack; from the kernel it stays, wherever the
; kernel was.
align 16
ist_common:
    REGS_PUSH
    FLAGS_CLEAR
    JUMP_IF_KERNEL exception_kernel
    mov rsi, rsp
    mov rdi, [rel cpu_stack_top]
    sub rdi, REGS_BYTES
    mov rax, rdi
    mov ecx, REGS_BYTES / 8
    rep movsq
    mov rsp, rax
    jmp exception_ring3

; interrupt_common - vectors from 32 on.
align 16
interrupt_common:
    REGS_PUSH
    FLAGS_CLEAR
    JUMP_IF_KERNEL .kernel
    REGS_CLEAR
    mov rdi, rsp
    sub rsp, 8
    call interrupt_entry
    add rsp, 8
    jmp guest_return
.kernel:
    mov rdi, rsp
    sub rsp, 8
    call interrupt_entry
    add rsp, 8

; kernel_return - back to where the kernel was. rsp: at struct regs.
kernel_return:
    REGS_POP
    add rsp, 8
    iretq

; guest_return - to ring 3. rsp: at struct regs, at the stack's top.
;
; Whatever stands in them, ring 3 runs with RPL 3, IF set and IOPL 0.
align 16
guest_return:
    mov eax, [rsp + REGS_RFLAGS]
    and eax, RFLAGS_GUEST
    or eax, RFLAGS_IF | 2
    mov [rsp + REGS_RFLAGS], rax
    or byte [rsp + REGS_CS], 3
    or byte [rsp + REGS_SS], 3
    cmp dword [rsp + REGS_VECTOR], TRAP_SYSCALL
    jne .iret
    test eax, RFLAGS_TF | RFLAGS_RF
    jnz .iret
    cmp qword [rsp + REGS_CS], SELECTOR_GUEST_CS
    jne .iret
    cmp qword [rsp + REGS_SS], SELECTOR_GUEST_SS
    jne .iret
; guest_sysret - the same, when all that is in doubt is the address.
guest_sysret:
    mov rcx, [rsp + REGS_RIP]       ; bits 63 to 47 are all the same?
    mov rax, rcx
    shl rax, 16
    sar rax, 16
    cmp rax, rcx
    jne guest_return.iret
    mov r11, [rsp + REGS_RFLAGS]
    cmp byte [rel cpu_verw], 0
    je .sysret
    verw [rel verw_selector]
.sysret:
    REGS_POP_SAVED
    add rsp, 2 * 8                  ; r11, rcx: SYSRET wants others in them
    REGS_POP_ARGUMENTS
    mov rsp, [rsp + REGS_RSP - REGS_ERROR]
    o64 sysret
guest_return.iret:
    cmp byte [rel cpu_verw], 0
    je .restore
    verw [rel verw_selector]
.restore:
    REGS_POP
    add rsp, 8
guest_iret:
    iretq                           ; trap_kernel knows this one

; What an entry needs before it has a stack of its own.
section .entry.data progbits alloc noexec write align=4096
cpu_guest_rsp:  dq 0
cpu_stack_top:  dq 0                ; of the vcpu that runs
cpu_calls:      dq 0                ; what its `syscall` calls, by rax
cpu_vcpu:       dq 0                ; the vcpu that runs; 0 while idle
cpu_verw:       db 0                ; 1: VERW before ring 3
align 2
verw_selector:  dw SELECTOR_KERNEL_DS

section .note.GNU-stack noalloc noexec nowrite progbits
