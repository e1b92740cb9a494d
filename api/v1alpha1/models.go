package v1alpha1

// Models are the models of other people that a tenant uses.
//
// +kubebuilder:validation:MinProperties=1
type Models struct {
	// chat answers questions from what was retrieved. Without it, answers are quoted
	// from the documents.
	// +optional
	Chat *ChatModel `json:"chat,omitempty"`

	// embedding turns texts into vectors, by which they are found. Without it, the
	// runtime makes vectors of its own from the tenant's documents.
	// +optional
	Embedding *EmbeddingModel `json:"embedding,omitempty"`

	// reranker orders what was retrieved by how well it answers.
	// +optional
	Reranker *RerankerModel `json:"reranker,omitempty"`
}

// ModelEndpoint is one model of one API.
type ModelEndpoint struct {
	// url of the API, such as https://api.openai.com/v1. The tenant's Plan has to name
	// its addresses in modelEndpoints. Without TLS, and at private addresses, it is
	// reached only where the Plan names ranges that are private as a whole.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*|[[][0-9a-f:.]+[]])(:[1-9][0-9]{0,4})?(/[-A-Za-z0-9._~/]*)?$')",message="must be a URL such as https://models.example/v1: lower case up to the path, and without user, query or fragment"
	URL string `json:"url,omitempty"`

	// model is the model's name in the API.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Model string `json:"model,omitempty"`

	// apiKeySecretRef names the API key. Without it, none is sent.
	// +optional
	APIKeySecretRef *ModelKeyReference `json:"apiKeySecretRef,omitempty"`
}

// ModelKeyReference names an API key in a Secret.
type ModelKeyReference struct {
	// name of a Secret in the namespace bulkhead-models. Its "apiKey" is sent to the
	// API at its "origin", such as https://api.openai.com, and nowhere else.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// ChatModel answers questions. Its API is OpenAI's chat completions, streamed.
type ChatModel struct {
	ModelEndpoint `json:",inline"`

	// contextTokens is how many tokens the model reads and writes at a time. The
	// default is 8192.
	// +optional
	// +kubebuilder:validation:Minimum=2048
	// +kubebuilder:validation:Maximum=1048576
	ContextTokens int32 `json:"contextTokens,omitempty"`
}

// EmbeddingModel turns texts into vectors. Its API is OpenAI's embeddings.
type EmbeddingModel struct {
	ModelEndpoint `json:",inline"`

	// dimensions of a vector.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	Dimensions int32 `json:"dimensions,omitempty"`

	// shorten asks the API for so many dimensions, which some models can be asked for.
	// The default is false: the model's vectors have so many.
	// +optional
	Shorten *bool `json:"shorten,omitempty"`
}

// RerankerModel tells how well texts answer a question.
type RerankerModel struct {
	ModelEndpoint `json:",inline"`

	// shape is Documents (the default), which Cohere, Jina, vLLM and Infinity speak, or
	// Texts, which Text Embeddings Inference speaks.
	// +optional
	Shape RerankShape `json:"shape,omitempty"`
}

// RerankShape is in which words an API ranks.
//
// +kubebuilder:validation:Enum=Documents;Texts
type RerankShape string

// The shapes of a ranking API.
const (
	RerankDocuments RerankShape = "Documents"
	RerankTexts     RerankShape = "Texts"
)
