//! OpenAM and ForgeRock AM.
