; entry - from the boot loader (32 bits, paging off) to kernel_main in C.
;
; Two ways in: multiboot2 (GRUB) and PVH (QEMU -kernel). The image may have
; been loaded at any multiple of 2 MiB below 4 GiB; until paging is on, ebp
; holds that address and everything is reached relative to it.

%include "x86/layout.inc"

extern kernel_main
extern boot_tables_offset           ; linker.ld: distances from the start of
extern boot_stack_offset            ; the image
extern boot_tables
extern boot_stack_top

global boot_entry
global image_load
global boot_tsc

BOOT_MULTIBOOT2     equ 1
BOOT_PVH            equ 2

MULTIBOOT2_HEADER   equ 0xe85250d6
MULTIBOOT2_MAGIC    equ 0x36d76289  ; in eax at entry

PTE_TABLE           equ 0x003       ; present, writable
PTE_LARGE           equ 0x083       ; the same, 2 MiB
PAGE                equ 0x1000
IMAGE_LARGE_PAGES   equ 32          ; 64 MiB of image at most

CR4_PAE             equ 0x20
CR0_BOOT            equ 0x80010033  ; PG WP NE ET MP PE
MSR_EFER            equ 0xc0000080
EFER_BOOT           equ 0x101       ; LME SCE; NXE: cpu_use_nx()

COM1                equ 0x3f8
VGA_TEXT            equ 0xb8000

; ---------------------------------------------------------------- the image
section .boot progbits alloc exec nowrite align=4096

image_first:
align 8
multiboot2_header:
    dd MULTIBOOT2_HEADER
    dd 0                            ; i386, protected mode
    dd multiboot2_end - multiboot2_header
    dd -(MULTIBOOT2_HEADER + (multiboot2_end - multiboot2_header))
align 8
    dw 1, 1                         ; information request, optional
    dd .request_end - $ + 4
    dd 1, 2, 3, 4, 6, 8, 14, 15     ; command line, loader, modules, memory,
.request_end:                       ; map, framebuffer, RSDP old and new
align 8
    dw 5, 1                         ; framebuffer, optional
    dd 20
    dd 1024, 768, 32
align 8
    dw 6, 1                         ; modules on page boundaries
    dd 8
align 8
    dw 10, 1                        ; relocatable
    dd 24
    dd IMAGE_LOAD                   ; lowest address
    dd 0xffe00000                   ; highest end
    dd 0x200000                     ; alignment
    dd 1                            ; as low as possible
align 8
    dw 0, 0                         ; end
    dd 8
multiboot2_end:

; ------------------------------------------------------------------ 32 bits
bits 32

; multiboot2: eax magic, ebx information. There is no stack yet; the second
; word of the information is reserved, and holds one return address.
boot_entry:
    cli
    cld
    lea esp, [ebx + 8]
    call .here
.here:
    pop ebp
    sub ebp, .here - image_first
    mov dword [ebx + 4], 0
    mov edi, BOOT_MULTIBOOT2
    mov esi, text_loader - image_first
    cmp eax, MULTIBOOT2_MAGIC
    jne boot_refuse
    jmp boot_start

; PVH: ebx hvm_start_info; eax says nothing. Never relocated.
boot_entry_pvh:
    cli
    cld
    mov ebp, IMAGE_LOAD
    mov edi, BOOT_PVH

; ebp load address, edi kind, ebx information: all three are kept.
boot_start:
    lea esp, [ebp + boot_stack_offset]
    rdtsc
    mov [ebp + boot_tsc - image_first], eax
    mov [ebp + boot_tsc - image_first + 4], edx
    call check_cpu
    call make_tables
    call load_gdt

    mov eax, CR4_PAE                ; LA57 is clear, and stays so
    mov cr4, eax
    lea eax, [ebp + boot_tables_offset]
    mov cr3, eax
    mov ecx, MSR_EFER
    mov eax, EFER_BOOT
    xor edx, edx
    wrmsr
    mov eax, CR0_BOOT
    mov cr0, eax
    push dword SELECTOR_KERNEL_CS
    lea eax, [ebp + boot_long - image_first]
    push eax
    retf

; check_cpu - long mode, or the end. Clobbers eax, ecx, edx, esi.
check_cpu:
    push ebx
    mov esi, text_long_mode - image_first
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb boot_refuse
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc boot_refuse
    pop ebx
    ret

; make_tables - L4, two L3, an L2 for the image, four for the first 4 GiB.
; The pages are zero. Clobbers eax, ecx, edx, esi.
make_tables:
    lea esi, [ebp + boot_tables_offset]
    lea eax, [esi + 1 * PAGE + PTE_TABLE]
    mov [esi], eax                              ; L4[0]
    lea eax, [esi + 2 * PAGE + PTE_TABLE]
    mov [esi + 8 * IMAGE_L4_SLOT], eax          ; L4[257]
    lea eax, [esi + 3 * PAGE + PTE_TABLE]
    mov [esi + 2 * PAGE], eax                   ; image L3[0]
    lea eax, [esi + 4 * PAGE + PTE_TABLE]
    xor ecx, ecx
.identity_l3:
    mov [esi + 1 * PAGE + 8 * ecx], eax
    add eax, PAGE
    inc ecx
    cmp ecx, 4
    jb .identity_l3
    mov eax, PTE_LARGE
    xor ecx, ecx
.identity_l2:
    mov [esi + 4 * PAGE + 8 * ecx], eax
    add eax, 0x200000
    inc ecx
    cmp ecx, 4 * 512
    jb .identity_l2
    lea eax, [ebp + PTE_LARGE]
    xor ecx, ecx
.image:
    mov [esi + 3 * PAGE + 8 + 8 * ecx], eax     ; from L2[1] on
    add eax, 0x200000
    inc ecx
    cmp ecx, IMAGE_LARGE_PAGES
    jb .image
    ret

; load_gdt - so that the kernel's code is e008 from the start: the base is
; that much below the table. Clobbers eax.
load_gdt:
    lea eax, [ebp + boot_gdt - image_first - (SELECTOR_KERNEL_CS - 8)]
    push eax
    sub esp, 2
    mov word [esp], SELECTOR_KERNEL_CS + 15
    lgdt [esp]
    add esp, 6
    ret

; boot_refuse - esi: text (from the start of the image). The text goes to
; the screen and to COM1, then the end.
boot_refuse:
    add esi, ebp
    mov edi, VGA_TEXT
    mov ah, 0x4f                    ; white on red
.next:
    lodsb
    test al, al
    jz .halt
    stosw
    mov ecx, 0x10000                ; a UART that is not there never waits
    mov bl, al
.wait:
    mov edx, COM1 + 5
    in al, dx
    test al, 0x20
    jnz .ready
    loop .wait
.ready:
    mov al, bl
    mov edx, COM1
    out dx, al
    jmp .next
.halt:
    cli
    hlt
    jmp .halt

; ------------------------------------------------------------------ 64 bits
bits 64

; Still at the physical address. rbp load address, edi kind, ebx information.
boot_long:
    mov rax, boot_high
    jmp rax

boot_high:
    mov rsp, boot_stack_top
    xor eax, eax
    mov ss, eax
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov rax, boot_gdt - (SELECTOR_KERNEL_CS - 8)
    push rax
    sub rsp, 2
    mov word [rsp], SELECTOR_KERNEL_CS + 15
    lgdt [rsp]
    mov rsp, boot_stack_top
    mov eax, ebp
    mov [rel image_load], rax
    mov esi, ebx
    xor ebp, ebp
    call kernel_main                ; (kind, information): does not return
.halt:
    cli
    hlt
    jmp .halt

align 8
boot_gdt:
    dq 0                            ; e000
    dq 0x00af9b000000ffff           ; e008: code, 64 bits, ring 0
    dq 0x00cf93000000ffff           ; e010: data

boot_tsc: dq 0                      ; written once, before paging is on

text_loader:
    db "Tally: not started by a multiboot2 loader. Halted.", 13, 10, 0
text_long_mode:
    db "Tally: this CPU has no 64-bit mode. Halted.", 13, 10, 0

; ------------------------------------------------------------------ the note
section .note.pvh note alloc noexec nowrite align=4
    dd 4                            ; bytes of the name
    dd 8                            ; bytes of what follows it
    dd 18                           ; XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dq IMAGE_LOAD + (boot_entry_pvh - image_first)

section .data
align 8
image_load: dq 0                    ; physical address of the image

section .note.GNU-stack noalloc noexec nowrite progbits
