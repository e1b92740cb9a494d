package lsa

import (
	"math/rand/v2"
	"testing"
)

// benchWords is how many words a chunk of 256 tokens has that differ.
const benchWords = 100

// BenchmarkFit fits the largest sample.
func BenchmarkFit(b *testing.B) {
	sample := randomSample(MaxSample, 40_000, benchWords)
	b.ReportAllocs()
	for b.Loop() {
		basis := fit(b, sample, Seed{})
		b.ReportMetric(float64(basis.Bytes()), "basis-bytes")
	}
}

func BenchmarkProject(b *testing.B) {
	sample := randomSample(5_000, 40_000, benchWords)
	basis := fit(b, sample, Seed{})
	random := rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for b.Loop() {
		basis.Project(sample[random.IntN(len(sample))])
	}
}

// BenchmarkFitSmall fits as many chunks as a small tenant has.
func BenchmarkFitSmall(b *testing.B) {
	sample := randomSample(2_400, 40_000, benchWords)
	for b.Loop() {
		fit(b, sample, Seed{})
	}
}
