//! Values of unions written into wire bytes: each brings the type of its variant.

use std::any::TypeId;
use std::rc::Rc;

use super::NebulaType;
use super::writer::Encoder;
use crate::Result;

impl Encoder {
    /// Writes `value` as a union value of the variant `T`.
    ///
    /// # Errors
    /// Those of the value's own [`NebulaType::encode`].
    pub fn union_of<T: NebulaType>(&mut self, value: &T) -> Result<()> {
        self.union_with::<T>(|encoder| value.encode(encoder))
    }

    /// Writes a union value of the variant `T`; `value` writes the literal in it.
    ///
    /// # Errors
    /// Those of `value`.
    pub fn union_with<T: NebulaType>(&mut self, value: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let variant = self.variant::<T>();
        let union = self.mark();
        self.prepend(&variant);
        self.close(union, 2);
        let mark = self.mark();
        value(self)?;
        self.close(mark, 1);
        self.close(union, 9);
        self.close(union, 1);
        Ok(())
    }

    /// The bytes of the variant's type, made once: lists of optional values repeat it for every element.
    fn variant<T: NebulaType>(&mut self) -> Rc<[u8]> {
        let id = TypeId::of::<T>();
        if let Some((_, bytes)) = self.variants.iter().find(|(known, _)| *known == id) {
            return Rc::clone(bytes);
        }
        let bytes: Rc<[u8]> = T::literal_type(self.dialect()).with_tag(T::tag(self.dialect())).encode().into();
        self.variants.push((id, Rc::clone(&bytes)));
        bytes
    }
}
