#include "textflag.h"

// counts has how many bits are set in each half of a byte, in both lanes.
DATA counts<>+0(SB)/8, $0x0302020102010100
DATA counts<>+8(SB)/8, $0x0403030203020201
DATA counts<>+16(SB)/8, $0x0302020102010100
DATA counts<>+24(SB)/8, $0x0403030203020201
GLOBL counts<>(SB), RODATA|NOPTR, $32

DATA halves<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL halves<>(SB), RODATA|NOPTR, $8

// weights are by how many bits each plane's count is shifted.
DATA weights<>+0(SB)/8, $0
DATA weights<>+8(SB)/8, $1
DATA weights<>+16(SB)/8, $2
DATA weights<>+24(SB)/8, $3
GLOBL weights<>(SB), RODATA|NOPTR, $32

// func differAVX2(words *planeWords, blocks int, signs *byte, width int, out *int32, n int)
//
// Of each row it lays 64 signs beside all four planes at a time, counts the bits that
// differ by halves of bytes, and adds up the planes' counts in a lane for each (Mula,
// Kurz and Lemire, "Faster Population Counts Using AVX2 Instructions", 2018).
TEXT ·differAVX2(SB), NOSPLIT, $0-48
	MOVQ         words+0(FP), SI
	MOVQ         blocks+8(FP), DX
	MOVQ         signs+16(FP), DI
	MOVQ         width+24(FP), R8
	MOVQ         out+32(FP), R9
	MOVQ         n+40(FP), CX
	VMOVDQU      counts<>(SB), Y7
	VPBROADCASTQ halves<>(SB), Y6
	VMOVDQU      weights<>(SB), Y5
	VPXOR        Y4, Y4, Y4

row:
	TESTQ CX, CX
	JZ    done
	VPXOR Y0, Y0, Y0
	MOVQ  SI, R10
	MOVQ  DI, R11
	MOVQ  DX, AX

block:
	VPBROADCASTQ (R11), Y1
	VPBROADCASTQ 8(R11), Y2
	VPXOR        (R10), Y1, Y1
	VPXOR        32(R10), Y2, Y2
	VPAND        Y6, Y1, Y3
	VPSRLW       $4, Y1, Y1
	VPAND        Y6, Y1, Y1
	VPSHUFB      Y3, Y7, Y3
	VPSHUFB      Y1, Y7, Y1
	VPADDB       Y1, Y3, Y3
	VPAND        Y6, Y2, Y1
	VPSRLW       $4, Y2, Y2
	VPAND        Y6, Y2, Y2
	VPSHUFB      Y1, Y7, Y1
	VPSHUFB      Y2, Y7, Y2
	VPADDB       Y1, Y3, Y3
	VPADDB       Y2, Y3, Y3
	VPSADBW      Y4, Y3, Y3
	VPADDQ       Y3, Y0, Y0
	ADDQ         $64, R10
	ADDQ         $16, R11
	DECQ         AX
	JNZ          block

	VPSLLVQ      Y5, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ       X1, X0, X0
	VPSHUFD      $0x4E, X0, X1
	VPADDQ       X1, X0, X0
	VMOVD        X0, (R9)
	ADDQ         $4, R9
	ADDQ         R8, DI
	DECQ         CX
	JMP          row

done:
	VZEROUPPER
	RET
