"""The small local model: by Ollama's own API, or by completions of llama-server and vLLM; a folder, for both ask and read alike."""
