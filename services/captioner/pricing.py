"""What a try costs, from prices that are settings: they change more often than the code."""

from dataclasses import dataclass

from services.captioner.provider import Spent

PER = 1_000_000  # tokens; providers state their prices for a million


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """US dollars for a million tokens; ``None`` where the price is not known."""

    input_usd: float | None = None
    output_usd: float | None = None

    def spent(self, input_tokens: int | None, output_tokens: int | None) -> Spent:
        """What so many tokens cost; the cost is ``None`` if anything it takes is not known."""
        return Spent(input_tokens, output_tokens, self._cost(input_tokens, output_tokens))

    def _cost(self, input_tokens: int | None, output_tokens: int | None) -> float | None:
        if input_tokens is None or output_tokens is None:
            return None
        if self.input_usd is None or self.output_usd is None:
            return None
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / PER
